using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>
/// What is wrong is named where its author looks, disturbs nobody else, and is over when the input is repaired, without any other action.
/// </summary>
public sealed class BadInputTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    /// <summary>What a container does wrong, by the request's value, and what the request must say about it.</summary>
    private static readonly (string Value, string Script, string[] Says)[] Misdeeds =
    [
        ("exit", "echo the disk is full; exit 1", ["main", "step-1", "1"]),
        ("status", "printf 'message: [unclosed\\n' > /kratix/metadata/status.yaml", ["/kratix/metadata/status.yaml", "line"]),
        ("reserved", "printf 'kratix:\\n  mine: true\\n' > /kratix/metadata/status.yaml", ["status.yaml", "kratix"]),
        ("scheduling", "printf -- '- target: {matchLabels: [\\n' > /kratix/metadata/scheduling.yaml", ["/kratix/metadata/scheduling.yaml", "line"]),
        ("selectors", "printf -- '- {}\\n' > /kratix/metadata/destination-selectors.yaml", ["destination-selectors.yaml", "index 0", "no selectors"]),
        ("yaml", "printf 'good: 1\\nbad: [\\n' > /kratix/output/broken.yaml", ["/kratix/output/broken.yaml", "line"]),
        ("symlink", "ln -s /etc/passwd /kratix/output/passwd.yaml", ["/kratix/output/passwd.yaml", "link", "/etc/passwd"]),
        ("directory-link", "ln -s ../../../../etc /kratix/output/config", ["/kratix/output/config", "link"]),
        ("climbing", "printf -- '- { directory: ../elsewhere, matchLabels: { a: b } }\\n' > /kratix/metadata/destination-selectors.yaml", ["../elsewhere"]),
        ("both", "for f in destination-selectors scheduling; do echo '[{ matchLabels: { a: b } }]' > /kratix/metadata/$f.yaml; done", ["both destination-selectors.yaml and scheduling.yaml", "keep one"]),
        ("twice", "mkdir /kratix/output/side; echo 'b: 1' > /kratix/output/side/b.yaml; echo '[{ directory: side, matchLabels: { a: b } }, { directory: side/, matchLabels: { a: c } }]' > /kratix/metadata/destination-selectors.yaml", ["destination-selectors.yaml", "\"side\" has two entries"]),
        ("nested", "mkdir -p /kratix/output/side/deep; echo 'b: 1' > /kratix/output/side/deep/b.yaml; echo '[{ directory: side/deep, matchLabels: { a: b } }]' > /kratix/metadata/scheduling.yaml", ["scheduling.yaml", "\"side/deep\" is nested", "directly in /kratix/output"]),
        ("absent", "echo '[{ directory: side, matchLabels: { a: b } }]' > /kratix/metadata/destination-selectors.yaml", ["\"side\" does not exist in /kratix/output"]),
    ];

    [Fact]
    [Conformance("K9", "Symbolic links are refused by name and target.")]
    [Conformance("K11", "Having both destination-selectors.yaml and scheduling.yaml is an error that says so.")]
    [Conformance("R69", "The key kratix in status.yaml fails the Pipeline, with the reason.")]
    [Conformance("R92", "Selector files without labels, with a directory twice, nested or absent, and both files at once, fail the Pipeline with the reason.")]
    public async Task A_run_that_breaks_a_rule_is_named_by_its_request_and_repaired_by_changing_it()
    {
        var corner = await shared.Corner("misdeeds");
        var cases = string.Join('\n', Misdeeds.Select(m => $"{m.Value}) {m.Script} ;;"));
        await corner.Install($"echo 'a: 1' > /kratix/output/a.yaml\ncase $(field spec value) in\n{cases}\nesac");
        await corner.Kubectl.Apply(Manifests.List([corner.Thing("sound"), .. Misdeeds.Select(m => corner.Thing(m.Value, new JsonObject { ["value"] = m.Value }))]));
        await corner.Reconciled("sound");

        var silent = new List<string>();
        foreach (var (value, _, says) in Misdeeds)
        {
            var thing = await corner.Until(value, "shows its failure", t => t.Has("Reconciled", "False"));
            var told = string.Join(" | ", thing.Condition("ConfigureWorkflowCompleted")!.Message, thing.Text("status.kratix.workflows.pipelines.0.message"), thing.Text("status.message"));
            silent.AddRange(says.Where(word => !told.Contains(word, StringComparison.Ordinal)).Select(word => $"{value} does not say \"{word}\": {told}"));
        }

        Assert.True(silent.Count == 0, string.Join('\n', silent));
        Assert.Equal([corner.FilesOf("sound") + "/a.yaml"], await corner.Repository.Files());

        await corner.Kubectl.Apply(Manifests.List([.. Misdeeds.Select(m => corner.Thing(m.Value))]));
        foreach (var (value, _, _) in Misdeeds)
            await corner.Reconciled(value);
        Assert.Equal(Misdeeds.Length + 1, (await corner.Repository.Files()).Count);
    }

    [Fact]
    public async Task A_missing_image_is_named_by_its_request_and_repaired_by_the_promise()
    {
        var corner = await shared.Corner("no-image");
        await corner.Install(corner.Promise([Manifests.PipelineOf("main", Manifests.Container("step-1", "true", "localhost/not-there:v1"))]));
        await corner.Request("a");
        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Contains("localhost/not-there:v1", thing.At("status")!.ToJsonString(), StringComparison.Ordinal);
        await corner.Kubectl.Apply(corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]));
        await corner.Reconciled("a");
    }

    [Fact]
    public async Task A_request_that_violates_its_schema_is_refused_with_the_field()
    {
        var corner = await shared.Corner("schema");
        await corner.Install("true");
        var said = await corner.Kubectl.Try(corner.Thing("a", new JsonObject { ["environment"] = "moon", ["replicas"] = 0 }).ToJsonString(), "apply", "-f", "-");
        Assert.NotEqual(0, said.ExitCode);
        Assert.Contains("spec.environment: Unsupported value: \"moon\": supported values: \"dev\", \"prod\"", said.Error, StringComparison.Ordinal);
        Assert.Contains("spec.replicas", said.Error, StringComparison.Ordinal);
        await corner.Kubectl.Apply(corner.Thing("a", new JsonObject { ["environment"] = "dev", ["replicas"] = 1 }));
        await corner.Reconciled("a");
    }

    [Fact]
    public async Task A_promise_that_is_no_yaml_or_no_promise_is_refused_by_kubectl()
    {
        var broken = await shared.Kubectl.Try("apiVersion: platform.kratix.io/v1alpha1\nkind: Promise\nmetadata: { name: broken\n", "apply", "-f", "-");
        Assert.NotEqual(0, broken.ExitCode);
        Assert.Contains("error parsing", broken.Error, StringComparison.Ordinal);
        var shape = await shared.Kubectl.Try("""{ "apiVersion": "platform.kratix.io/v1alpha1", "kind": "Promise", "metadata": { "name": "broken" }, "spec": { "destinationSelectors": "all" } }""", "apply", "--validate=false", "-f", "-");
        Assert.NotEqual(0, shape.ExitCode);
        Assert.Contains("spec.destinationSelectors", shape.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong-kind", "unsupported pipeline platform.kratix.io/v1alpha1/Deployment at spec.workflows.resource.configure[0]; accepted: ", "platform.kratix.io/v1alpha1 Pipeline")]
    [InlineData("wrong-field", "failed unmarshalling pipeline: unknown field \"spec.workflows.resource.configure[0].spec.containers[0].imagine\"")]
    [InlineData("wrong-scope", "promise api needs to be namespace scoped; spec.api.spec.scope cannot be: Cluster")]
    [InlineData("wrong-name", "invalid CRD", "metadata.name", "things.wrong-name.e2e.test")]
    [InlineData("wrong-schema", "invalid CRD: ", "spec.versions[0].schema", "strin")]
    [InlineData("wrong-twice", "duplicate pipeline name \"main\" in workflow \"resource\" action \"configure\"")]
    [InlineData("wrong-label", "invalid label value \"no label!\" of key \"a\" in workflow \"resource\" action \"configure\" pipeline \"main\"")]
    [Conformance("R9", "A cluster-scoped API is rejected when the Promise is applied.")]
    [Conformance("R52", "An unknown field of a Pipeline is rejected when the Promise is applied.")]
    [Conformance("R53", "Two Pipelines of one name in one action are rejected when the Promise is applied.")]
    [Conformance("R54", "A kind of workflow nobody knows is rejected, and the known ones are named.")]
    public async Task A_promise_that_cannot_work_is_refused_with_the_reason_and_works_when_repaired(string name, params string[] says)
    {
        var corner = await shared.Corner(name);
        var good = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        var bad = good.DeepClone();
        switch (name)
        {
            case "wrong-kind":
                bad["spec"]!["workflows"]!["resource"]!["configure"]![0]!["kind"] = "Deployment";
                break;
            case "wrong-field":
                bad["spec"]!["workflows"]!["resource"]!["configure"]![0]!["spec"]!["containers"]![0]!["imagine"] = "x";
                break;
            case "wrong-scope":
                bad["spec"]!["api"]!["spec"]!["scope"] = "Cluster";
                break;
            case "wrong-name":
                bad["spec"]!["api"]!["metadata"]!["name"] = "somethings.example";
                break;
            case "wrong-twice":
                bad["spec"]!["workflows"]!["resource"]!["configure"]!.AsArray().Add(Manifests.Pipeline("main", "true"));
                break;
            case "wrong-label":
                bad["spec"]!["workflows"]!["resource"]!["configure"]![0]!["metadata"]!["labels"] = new JsonObject { ["a"] = "no label!" };
                break;
            default:
                bad["spec"]!["api"]!["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["value"]!["type"] = "strin";
                break;
        }

        var applied = await corner.Kubectl.Try(bad.ToJsonString(), "apply", "-f", "-");

        Assert.NotEqual(0, applied.ExitCode);
        Assert.All(says.Prepend("admission webhook \"vpromise.kb.io\" denied the request: "), word => Assert.Contains(word, applied.Error, StringComparison.Ordinal));
        await corner.Install((JsonObject)good);
        await corner.Request("a");
        await corner.Reconciled("a");
    }

    [Fact]
    [Conformance("R7", "Another kind or other names of the API are rejected.")]
    [Conformance("R8", "Removing spec.api from a Promise is rejected.")]
    [Conformance("R112", "A path that another Destination of the store has is rejected.")]
    public async Task What_requests_and_files_rely_on_cannot_be_changed_under_them()
    {
        var corner = await shared.Corner("relied-on");
        await corner.Install("true");

        var without = corner.Promise([Manifests.Pipeline("main", "true")]);
        without["spec"]!.AsObject().Remove("api");
        Assert.Contains("cannot remove API from existing promise", (await corner.Kubectl.Try(without.ToJsonString(), "apply", "-f", "-")).Error, StringComparison.Ordinal);
        var renamed = corner.Promise([Manifests.Pipeline("main", "true")]);
        renamed["spec"]!["api"]!["spec"]!["names"]!["kind"] = "Other";
        Assert.Contains("* spec.api.spec.names: Invalid value:", (await corner.Kubectl.Try(renamed.ToJsonString(), "apply", "-f", "-")).Error, StringComparison.Ordinal);
        var twin = Manifests.Destination("relied-on-twin", corner.Name, corner.Name, []);
        Assert.Contains("destination path 'relied-on' already exists for state store 'relied-on'", (await corner.Kubectl.Try(twin.ToJsonString(), "apply", "-f", "-")).Error, StringComparison.Ordinal);
        var needy = Manifests.Promise("relied-on-needy", null, null, null);
        needy["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = "nobody", ["version"] = "v1" });
        var warned = await corner.Kubectl.Try(needy.ToJsonString(), "apply", "--dry-run=server", "-f", "-");
        Assert.Equal(0, warned.ExitCode);
        Assert.Contains("Warning: Required Promise \"nobody\" at version \"v1\" not installed", warned.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_repository_is_named_by_store_destination_and_request_and_repaired_by_its_address()
    {
        var corner = await shared.Corner("wrong-address");
        var elsewhere = shared.FolderFor("nowhere.git");
        await corner.Kubectl.Apply(Manifests.GitStateStore(corner.Name, $"file://{elsewhere}"));
        var store = await corner.Kubectl.Until("gitstatestore", corner.Name, "is not Ready", s => s.Has("Ready", "False"));
        Assert.Contains(elsewhere, store.Condition("Ready")!.Message, StringComparison.Ordinal);
        await corner.Kubectl.Until("destination", corner.Name, "is not Ready", d => d.Has("Ready", "False"));
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        var thing = await corner.Until("a", "waits for its store", t => t.Has("ConfigureWorkflowCompleted") && t.Condition("WorksSucceeded")?.Reason == "WorksPending");
        Assert.Contains("No ready Destination", thing.Text("status.message"), StringComparison.Ordinal);

        await corner.Kubectl.Apply(Manifests.GitStateStore(corner.Name, corner.Repository.Url));
        await corner.Reconciled("a");
        Assert.Equal([corner.FilesOf("a") + "/a.yaml"], await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R108", "WriteSucceeded is False, with the reason, while the store cannot be written.")]
    [Conformance("R109", "While a store fails, WorkPlacement, Work and request say so; when it is back they recover by themselves.")]
    public async Task A_repository_that_goes_away_is_named_and_written_when_it_is_back()
    {
        var corner = await shared.Corner("goes-away");
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Reconciled("a");

        var away = shared.FolderFor("gone.git");
        Directory.Move(corner.Repository.Path, away);
        await corner.Request("a", "two");
        var thing = await corner.Until("a", "shows that writing fails", t => t.Has("Reconciled", "False"));
        Assert.Equal("WorksFailing", thing.Condition("Reconciled")!.Reason);
        Assert.Contains(corner.Repository.Path, thing.Text("status.message"), StringComparison.Ordinal);
        var placement = await corner.Kubectl.UntilAny("workplacements", "shows that writing fails", w => w.Text("spec.promiseName") == corner.Name && w.Has("WriteSucceeded", "False"));
        Assert.Contains(corner.Repository.Path, placement.Condition("WriteSucceeded")!.Message, StringComparison.Ordinal);
        await corner.Kubectl.UntilAny("works", "is failing", w => w.Text("spec.promiseName") == corner.Name && w.Condition("Ready")?.Message == "Failing");

        Directory.Move(away, corner.Repository.Path);
        await corner.Reconciled("a");
        Assert.Equal("two\n", await corner.Repository.Read($"{corner.FilesOf("a")}/value.txt"));
        await corner.Kubectl.UntilAny("workplacements", "has recovered", w => w.Text("spec.promiseName") == corner.Name && w.Has("WriteSucceeded"));
    }

    [Fact]
    [Conformance("R106", "Over basicAuth, a Secret that is changed is picked up without a restart.")]
    [Conformance("K28", "Credentials that a host refuses are in no status and no line of the log.")]
    public async Task Wrong_credentials_are_named_without_being_shown_and_repaired_by_the_secret()
    {
        var corner = await shared.Corner("wrong-key");
        await using var server = await GitHttpServer.Start(Path.GetDirectoryName(corner.Repository.Path)!, "robot", "right-password");
        await corner.Repository.Git("config", "http.receivepack", "true");
        var store = Manifests.GitStateStore(corner.Name, $"{server.Url}/wrong-key.git");
        store["spec"]!["authMethod"] = "basicAuth";
        store["spec"]!["secretRef"] = new JsonObject { ["name"] = "wrong-key", ["namespace"] = "default" };
        await corner.Kubectl.Apply(Secret("not-the-password"));
        await corner.Kubectl.Apply(store);
        var refused = await corner.Kubectl.Until("gitstatestore", corner.Name, "is not Ready", s => s.Has("Ready", "False"));
        Assert.Contains(server.Url, refused.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.Matches("(?i)authentication|credentials|password", refused.Condition("Ready")!.Message);
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        var thing = await corner.Until("a", "waits for its store", t => t.Has("ConfigureWorkflowCompleted") && !t.Has("Reconciled"));
        Assert.DoesNotContain("not-the-password", refused.ToJsonString() + thing.ToJsonString() + corner.Platform.Words, StringComparison.Ordinal);

        await corner.Kubectl.Apply(Secret("right-password"));
        await corner.Reconciled("a");
        Assert.Equal([corner.FilesOf("a") + "/a.yaml"], await corner.Repository.Files());

        JsonObject Secret(string password) => new()
        {
            ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "wrong-key", ["namespace"] = "default" },
            ["stringData"] = new JsonObject { ["username"] = "robot", ["password"] = password },
        };
    }

    [Fact]
    public async Task A_second_platform_on_the_same_data_folder_ends_at_once_and_names_the_first()
    {
        var (code, words) = await PlatformProcess.StartRefused(shared.Platform.DataFolder);
        Assert.NotEqual(0, code);
        Assert.Contains(shared.Platform.DataFolder, words, StringComparison.Ordinal);
        Assert.Contains("is in use by process", words, StringComparison.Ordinal);
        await shared.Kubectl.Run("get", "promises");
    }
}
