using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

/// <summary>The life of a CustomResourceDefinition.</summary>
public sealed class DefinitionTests : IAsyncLifetime
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.Start();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_definition_is_established_as_soon_as_it_is_created()
    {
        var (code, crd) = await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));

        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal(["NamesAccepted=True", "Established=True"], crd.At("status", "conditions")!.AsArray().Select(c => $"{c!.AsObject().Text("type")}={c.AsObject().Text("status")}"));
        Assert.Equal("[\"v1\"]", crd.At("status", "storedVersions")!.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await _server.Get("/apis/example.com/v1/websites")).Code);
    }

    [Theory]
    [InlineData("scope: Namespaced", "scope: Galaxy", "spec.scope: Unsupported value: \"Galaxy\": supported values: \"Cluster\", \"Namespaced\"")]
    [InlineData("name: websites.example.com", "name: sites.example.com", "metadata.name: Invalid value: \"sites.example.com\": must be spec.names.plural+\".\"+spec.group")]
    [InlineData("storage: true", "storage: false", "must have exactly one version marked as storage version")]
    [InlineData("size: {type: integer,", "size: {type: whole,", "Unsupported value: \"whole\"")]
    [InlineData("size: {type: integer,", "size: {", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[size].type: Required value: must not be empty for specified object fields")]
    [InlineData("default: 3", "default: many", "properties[size].default: Invalid value: \"string\": default in body must be of type integer")]
    [InlineData("'^[a-z]+$'", "'^[a-z+$'", "must be a valid regular expression")]
    [InlineData("jsonPath: .spec.size", "jsonPath: '.spec[size'", "is an invalid jsonpath expression")]
    [InlineData("kind: Website,", "", "spec.names.kind: Required value")]
    public async Task A_definition_that_is_wrong_is_refused_with_the_place(string right, string wrong, string message)
    {
        var (code, status) = await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains(message, status.Text("message"), StringComparison.Ordinal);
        Assert.Equal("CustomResourceDefinition", status.At("details", "kind").AsText());
    }

    [Fact]
    public async Task Names_in_use_are_not_accepted_and_the_condition_says_which()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));
        var second = Manifests.WebsiteDefinition.Replace("websites", "sites", StringComparison.Ordinal).Replace("singular: website", "singular: site", StringComparison.Ordinal).Replace("shortNames: [web]", "shortNames: [st]", StringComparison.Ordinal);

        var (_, crd) = await _server.Post(Definitions, Manifests.Json(second));

        var accepted = crd.At("status", "conditions")!.AsArray()[0]!.AsObject();
        Assert.Equal(("False", "KindConflict", "\"Website\" is already in use"), (accepted.Text("status"), accepted.Text("reason"), accepted.Text("message")));
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Get("/apis/example.com/v1/sites")).Code);
    }

    [Fact]
    public async Task Deleting_a_definition_takes_its_objects_along()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));
        await _server.Post("/apis/example.com/v1/namespaces/default/websites", Manifests.Json(Manifests.Website("one")));

        Assert.Equal(0, (await _server.Kubectl.Run("delete crd websites.example.com")).ExitCode);

        Assert.Null(_server.Server.Store.Get(new ObjectKey(new GroupResource("example.com", "websites"), "default", "one")));
        Assert.Contains("NotFound", (await _server.Kubectl.Run("get websites")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_a_definition_takes_the_dependents_of_its_objects_along()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));
        var (_, site) = await _server.Post("/apis/example.com/v1/namespaces/default/websites", Manifests.Json(Manifests.Website("owner")));
        var dependent = Manifests.ConfigMap("dependent");
        dependent.Made("metadata")["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "example.com/v1",
            ["kind"] = "Website",
            ["name"] = "owner",
            ["uid"] = site.At("metadata", "uid").AsText(),
        });
        await _server.Post("/api/v1/namespaces/default/configmaps", dependent);

        await _server.Send(HttpMethod.Delete, $"{Definitions}/websites.example.com");

        await _server.Gone(BuiltIn.ConfigMaps.Key("default", "dependent"));
    }

    [Fact]
    public async Task A_definition_waits_for_the_finalizers_of_its_objects()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));
        var held = Manifests.Json(Manifests.Website("held"));
        held.Made("metadata")["finalizers"] = new JsonArray("example.com/hold");
        await _server.Post("/apis/example.com/v1/namespaces/default/websites", held);
        await _server.Send(HttpMethod.Delete, $"{Definitions}/websites.example.com");
        Assert.Equal(HttpStatusCode.OK, (await _server.Get($"{Definitions}/websites.example.com")).Code);

        await _server.Merge("/apis/example.com/v1/namespaces/default/websites/held", Manifests.Json("{metadata: {finalizers: null}}"));

        await _server.Gone(BuiltIn.CustomResourceDefinitions.Key("", "websites.example.com"));
    }

    [Fact]
    public async Task Both_versions_show_one_object_and_the_newer_is_preferred()
    {
        var crd = Manifests.Json(Manifests.WebsiteDefinition);
        var versions = crd.At("spec", "versions")!.AsArray();
        var beta = versions[0]!.DeepClone().AsObject();
        beta["name"] = "v1beta1";
        beta["storage"] = false;
        versions.Insert(0, beta);
        await _server.Post(Definitions, crd);
        var manifest = Manifests.Json(Manifests.Website("two"));
        manifest["apiVersion"] = "example.com/v1beta1";

        var (_, created) = await _server.Post("/apis/example.com/v1beta1/namespaces/default/websites", manifest);
        var (_, read) = await _server.Get("/apis/example.com/v1/namespaces/default/websites/two");

        Assert.Equal(("example.com/v1beta1", "example.com/v1"), (created.Text("apiVersion"), read.Text("apiVersion")));
        Assert.Equal("v1", (await _server.Get("/apis/example.com")).Body.At("preferredVersion", "version").AsText());
    }

    [Fact]
    public async Task A_new_default_shows_in_objects_written_before_it()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));
        await _server.Post("/apis/example.com/v1/namespaces/default/websites", Manifests.Json(Manifests.Website("old")));

        (await _server.Kubectl.Apply(Manifests.WebsiteDefinition.Replace("port: {", "colour: {type: string, default: red}\n              port: {", StringComparison.Ordinal))).Succeeded();

        Assert.Equal("red", (await _server.Get("/apis/example.com/v1/namespaces/default/websites/old")).Body.At("spec", "colour").AsText());
    }

    [Fact]
    public async Task The_kind_of_a_definition_cannot_be_changed()
    {
        await _server.Post(Definitions, Manifests.Json(Manifests.WebsiteDefinition));

        var (code, status) = await _server.Merge($"{Definitions}/websites.example.com", Manifests.Json("{spec: {names: {kind: Site}}}"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains("spec.names.kind: Invalid value: \"Site\": field is immutable", status.Text("message"), StringComparison.Ordinal);
    }
}
