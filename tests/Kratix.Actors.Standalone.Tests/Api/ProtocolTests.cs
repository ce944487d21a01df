using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

/// <summary>The protocol under kubectl: codes, conditions, selections and pages.</summary>
public sealed class ProtocolTests(WebsiteServer shared) : IClassFixture<WebsiteServer>
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Websites = "/apis/example.com/v1/namespaces/default/websites";

    private TestServer Server => shared.Server;

    [Theory]
    [InlineData(null)]
    [InlineData("guess")]
    public async Task A_request_without_the_token_is_unauthorized(string? token)
    {
        using var stranger = TestServer.Client(Server.Server, Server.Folder, token);

        var answer = await stranger.GetAsync("/api/v1/namespaces/default/secrets");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Unauthorized", JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["reason"]!.GetValue<string>());
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Keys_and_kubeconfig_are_readable_by_the_owner_alone()
    {
        foreach (var file in (string[])["ca.key", "server.key", "admin.token", "kubeconfig", "objects.db", "objects.db-wal"])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Server.Folder, file)));
    }

    [Fact]
    public async Task Creating_a_taken_name_says_already_exists()
    {
        await Server.Post(ConfigMaps, Manifests.ConfigMap("taken"));

        var (code, status) = await Server.Post(ConfigMaps, Manifests.ConfigMap("taken"));

        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Equal("configmaps \"taken\" already exists", status.Text("message"));
        Assert.Equal("AlreadyExists", status.Text("reason"));
    }

    [Fact]
    public async Task Replacing_an_old_version_is_a_conflict_in_kubernetes_words()
    {
        var (_, first) = await Server.Post(ConfigMaps, Manifests.ConfigMap("raced"));
        await Server.Merge($"{ConfigMaps}/raced", new JsonObject { ["data"] = new JsonObject { ["winner"] = "other" } });

        var (code, status) = await Server.Send(HttpMethod.Put, $"{ConfigMaps}/raced", first);

        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Equal(
            "Operation cannot be fulfilled on configmaps \"raced\": the object has been modified; please apply your changes to the latest version and try again",
            status.Text("message"));
    }

    [Fact]
    public async Task A_write_that_changes_nothing_keeps_the_version()
    {
        var (_, first) = await Server.Post(ConfigMaps, Manifests.ConfigMap("still", data: new JsonObject { ["a"] = "1" }));

        var (_, second) = await Server.Merge($"{ConfigMaps}/still", new JsonObject { ["data"] = new JsonObject { ["a"] = "1" } });

        Assert.Equal(first.At("metadata", "resourceVersion").AsText(), second.At("metadata", "resourceVersion").AsText());
    }

    [Fact]
    public async Task GenerateName_makes_a_name_of_its_own_each_time()
    {
        var manifest = Manifests.ConfigMap("");
        manifest["metadata"] = new JsonObject { ["generateName"] = "made-" };

        var (_, one) = await Server.Post(ConfigMaps, manifest);
        var (_, two) = await Server.Post(ConfigMaps, manifest);

        Assert.Matches("^made-[a-z0-9]{5}$", one.At("metadata", "name").AsText());
        Assert.NotEqual(one.At("metadata", "name").AsText(), two.At("metadata", "name").AsText());
    }

    [Fact]
    public async Task A_dry_run_answers_as_if_and_stores_nothing()
    {
        var (code, answered) = await Server.Post($"{ConfigMaps}?dryRun=All", Manifests.ConfigMap("imagined"));

        Assert.Equal(HttpStatusCode.Created, code);
        Assert.NotEqual("", answered.At("metadata", "uid").AsText());
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Get($"{ConfigMaps}/imagined")).Code);
    }

    [Theory]
    [InlineData("tier=front", "sel-a")]
    [InlineData("tier==front", "sel-a")]
    [InlineData("kind,tier!=front", "sel-b,sel-c")]
    [InlineData("tier in (front,back)", "sel-a,sel-b")]
    [InlineData("kind,tier notin (front)", "sel-b,sel-c")]
    [InlineData("kind,!tier", "sel-c")]
    [InlineData("tier", "sel-a,sel-b")]
    public async Task Label_selectors_select_what_kubernetes_would(string selector, string expected)
    {
        await Server.Post(ConfigMaps, Manifests.ConfigMap("sel-a", labels: new JsonObject { ["kind"] = "s", ["tier"] = "front" }));
        await Server.Post(ConfigMaps, Manifests.ConfigMap("sel-b", labels: new JsonObject { ["kind"] = "s", ["tier"] = "back" }));
        await Server.Post(ConfigMaps, Manifests.ConfigMap("sel-c", labels: new JsonObject { ["kind"] = "s" }));

        var (_, list) = await Server.Get($"{ConfigMaps}?labelSelector={Uri.EscapeDataString(selector)}");

        Assert.Equal(expected, Names(list));
    }

    [Fact]
    public async Task A_field_selector_by_name_finds_one_and_an_unknown_field_is_refused()
    {
        await Server.Post(ConfigMaps, Manifests.ConfigMap("by-field"));

        Assert.Equal("by-field", Names((await Server.Get($"{ConfigMaps}?fieldSelector=metadata.name%3Dby-field")).Body));
        var (code, status) = await Server.Get($"{ConfigMaps}?fieldSelector=data.a%3Db");
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains("field label not supported: data.a", status.Text("message"), StringComparison.Ordinal);
    }

    private static JsonObject Lease(string name) =>
        new() { ["apiVersion"] = "coordination.k8s.io/v1", ["kind"] = "Lease", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "paged" } };

    [Fact]
    public async Task Pages_together_are_the_list()
    {
        await Server.Post("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "paged" } });
        for (var i = 0; i < 5; i++) await Server.Post("/apis/coordination.k8s.io/v1/namespaces/paged/leases", Lease($"p{i}"));

        var (_, first) = await Server.Get("/apis/coordination.k8s.io/v1/namespaces/paged/leases?limit=2");
        var (_, second) = await Server.Get($"/apis/coordination.k8s.io/v1/namespaces/paged/leases?limit=2&continue={Uri.EscapeDataString(first.At("metadata", "continue").AsText())}");
        var (_, third) = await Server.Get($"/apis/coordination.k8s.io/v1/namespaces/paged/leases?limit=2&continue={Uri.EscapeDataString(second.At("metadata", "continue").AsText())}");

        Assert.Equal(["p0,p1", "p2,p3", "p4"], [Names(first), Names(second), Names(third)]);
        Assert.Equal("3", first.At("metadata", "remainingItemCount").AsText());
        Assert.Null(third.At("metadata", "continue"));
        Assert.Equal(first.At("metadata", "resourceVersion").AsText(), third.At("metadata", "resourceVersion").AsText());
    }

    [Fact]
    public async Task The_status_subresource_and_the_object_do_not_write_each_other()
    {
        await Server.Post(Websites, Manifests.Json(Manifests.Website("split")));

        await Server.Merge($"{Websites}/split/status", Manifests.Json("{status: {ok: true}, spec: {size: 9}, metadata: {labels: {a: b}}}"));
        await Server.Merge($"{Websites}/split", Manifests.Json("{status: {ok: false}, spec: {size: 5}}"));

        var (_, site) = await Server.Get($"{Websites}/split");
        Assert.Equal("5", site.At("spec", "size").AsText());
        Assert.True(site.At("status", "ok").IsTrue());
        Assert.Null(site.At("metadata", "labels"));
        Assert.Equal("2", site.At("metadata", "generation").AsText());
    }

    [Fact]
    public async Task A_status_sent_with_a_create_is_dropped()
    {
        var manifest = Manifests.Json(Manifests.Website("nostatus"));
        manifest["status"] = new JsonObject { ["ok"] = true };

        var (_, created) = await Server.Post(Websites, manifest);

        Assert.Null(created["status"]);
    }

    [Fact]
    public async Task An_object_with_a_finalizer_is_marked_and_goes_when_the_finalizer_does()
    {
        var manifest = Manifests.ConfigMap("held");
        manifest.Made("metadata")["finalizers"] = new JsonArray("example.com/hold");
        await Server.Post(ConfigMaps, manifest);

        await Server.Send(HttpMethod.Delete, $"{ConfigMaps}/held");
        var (_, marked) = await Server.Get($"{ConfigMaps}/held");
        Assert.NotNull(marked.At("metadata", "deletionTimestamp"));
        var (code, refused) = await Server.Merge($"{ConfigMaps}/held", Manifests.Json("{metadata: {finalizers: [example.com/hold, example.com/more]}}"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains("no new finalizers can be added if the object is being deleted", refused.Text("message"), StringComparison.Ordinal);

        await Server.Merge($"{ConfigMaps}/held", Manifests.Json("{metadata: {finalizers: null}}"));
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Get($"{ConfigMaps}/held")).Code);
    }

    [Fact]
    public async Task A_dependent_follows_its_owner()
    {
        var (_, owner) = await Server.Post(ConfigMaps, Manifests.ConfigMap("owner"));
        var dependent = Manifests.ConfigMap("dependent");
        dependent.Made("metadata")["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["name"] = "owner",
            ["uid"] = owner.At("metadata", "uid").AsText(),
        });
        await Server.Post(ConfigMaps, dependent);

        await Server.Send(HttpMethod.Delete, $"{ConfigMaps}/owner");

        await Server.Gone(BuiltIn.ConfigMaps.Key("default", "dependent"));
    }

    [Fact]
    public async Task An_orphaned_dependent_stays_and_forgets_its_owner()
    {
        var (_, owner) = await Server.Post(ConfigMaps, Manifests.ConfigMap("parent"));
        var dependent = Manifests.ConfigMap("orphan");
        dependent.Made("metadata")["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["name"] = "parent",
            ["uid"] = owner.At("metadata", "uid").AsText(),
        });
        await Server.Post(ConfigMaps, dependent);

        await Server.Send(HttpMethod.Delete, $"{ConfigMaps}/parent?propagationPolicy=Orphan");
        await Server.Gone(BuiltIn.ConfigMaps.Key("default", "parent"));

        var (_, orphan) = await Server.Get($"{ConfigMaps}/orphan");
        Assert.Null(orphan.At("metadata", "ownerReferences"));
    }

    [Fact]
    public async Task Deleting_a_namespace_takes_its_contents_along()
    {
        await Server.Post("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "ending" } });
        await Server.Post("/api/v1/namespaces/ending/configmaps", Manifests.ConfigMap("inside", "ending"));

        await Server.Send(HttpMethod.Delete, "/api/v1/namespaces/ending");
        await Server.Gone(BuiltIn.Namespaces.Key("", "ending"));

        Assert.Null(Server.Server.Store.Get(BuiltIn.ConfigMaps.Key("ending", "inside")));
    }

    [Fact]
    public async Task A_namespace_everything_relies_on_cannot_be_deleted()
    {
        var (code, status) = await Server.Send(HttpMethod.Delete, "/api/v1/namespaces/default");

        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Equal("namespaces \"default\" is forbidden: this namespace may not be deleted", status.Text("message"));
    }

    [Fact]
    public async Task A_dependent_with_two_owners_stays_while_one_is_left()
    {
        var (_, one) = await Server.Post(ConfigMaps, Manifests.ConfigMap("owner-1"));
        var (_, two) = await Server.Post(ConfigMaps, Manifests.ConfigMap("owner-2"));
        var dependent = Manifests.ConfigMap("shared-child");
        dependent.Made("metadata")["ownerReferences"] = new JsonArray([.. new[] { one, two }.Select(o => (JsonNode)new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["name"] = o.At("metadata", "name").AsText(),
            ["uid"] = o.At("metadata", "uid").AsText(),
        })]);
        await Server.Post(ConfigMaps, dependent);
        var sibling = dependent.DeepClone().AsObject();
        sibling.Made("metadata")["name"] = "only-child";
        sibling.Made("metadata")["ownerReferences"]!.AsArray().RemoveAt(1);
        await Server.Post(ConfigMaps, sibling);

        await Server.Send(HttpMethod.Delete, $"{ConfigMaps}/owner-1");
        await Server.Gone(BuiltIn.ConfigMaps.Key("default", "only-child")); // collected in the same sweep

        Assert.Equal(HttpStatusCode.OK, (await Server.Get($"{ConfigMaps}/shared-child")).Code);
    }

    [Fact]
    public async Task A_delete_with_another_uid_is_refused()
    {
        await Server.Post(ConfigMaps, Manifests.ConfigMap("precise"));

        var (code, status) = await Server.Send(HttpMethod.Delete, $"{ConfigMaps}/precise", Manifests.Json("{kind: DeleteOptions, apiVersion: v1, preconditions: {uid: other}}"));

        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Contains("Precondition failed: UID in precondition: other", status.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/apis/nothing.example.com/v1/things", 404, "the server could not find the requested resource")]
    [InlineData("/api/v1/namespaces/default/configmaps/missing", 404, "configmaps \"missing\" not found")]
    [InlineData("/api/v1/configmaps?labelSelector=a%20b%20c", 400, "unable to parse requirement")]
    [InlineData("/api/v1/configmaps?limit=many", 400, "limit: Invalid value: \"many\"")]
    [InlineData("/api/v1/configmaps?continue=x", 400, "continue key is not valid")]
    [InlineData("/api/v1/configmaps?watch=true&resourceVersion=new", 400, "resourceVersion: Invalid value: \"new\"")]
    public async Task A_bad_request_is_a_status_that_says_why(string path, int expected, string message)
    {
        var (code, status) = await Server.Get(path);

        Assert.Equal(expected, (int)code);
        Assert.Equal("Status", status.Text("kind"));
        Assert.Contains(message, status.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"kind\":", "application/json", 400, "couldn't get version/kind")]
    [InlineData("a: b: c", "application/yaml", 400, "error decoding YAML: line 1")]
    [InlineData("[]", "application/json", 400, "the body must be one object of kind ConfigMap")]
    [InlineData("{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}", "application/json", 400, "the kind in the data (Secret) does not match the expected kind (ConfigMap)")]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\",\"namespace\":\"kube-system\"}}", "application/json", 400, "does not match the namespace sent on the request")]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"},\"data\":{\"a\":1}}", "application/json", 422, "data.a: Invalid value: 1: must be a string")]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\",\"labels\":{\"a b\":\"c\"}}}", "application/json", 422, "metadata.labels: Invalid value: \"a b\"")]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":[]}", "application/json", 400, "metadata must be an object")]
    [InlineData("k8s\0garbage", "application/vnd.kubernetes.protobuf", 415, "accepted media types include")]
    public async Task A_bad_body_is_refused_with_the_reason(string body, string contentType, int expected, string message)
    {
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(contentType));

        using var answer = await Server.Http.PostAsync(ConfigMaps, content);

        var status = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal((expected, true), ((int)answer.StatusCode, status.Text("message").Contains(message, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_by_size()
    {
        var (code, status) = await Server.Post(ConfigMaps, Manifests.ConfigMap("huge", data: new JsonObject { ["a"] = new string('x', 4 * 1024 * 1024) }));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, code);
        Assert.Contains("limit is 3145728 bytes", status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_admission_hook_s_refusal_reaches_the_user_with_its_name()
    {
        Server.Server.Admission.Add(
            "vdemo.example.com",
            (r, _) => new(r.Name == "unwanted" ? Standalone.Lifecycle.AdmissionDecision.Refuse("nobody wants this") : Standalone.Lifecycle.AdmissionDecision.Pass));

        var (code, status) = await Server.Post(ConfigMaps, Manifests.ConfigMap("unwanted"));

        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Equal("admission webhook \"vdemo.example.com\" denied the request: nobody wants this", status.Text("message"));
    }

    private static string Names(JsonObject list) => string.Join(',', list["items"]!.AsArray().Select(i => i.At("metadata", "name").AsText()));
}
