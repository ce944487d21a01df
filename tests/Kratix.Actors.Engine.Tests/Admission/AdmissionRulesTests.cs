using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Admission;

/// <summary>What <see cref="AdmissionTableTests"/> has no row for.</summary>
public sealed class AdmissionRulesTests
{
    private readonly FakeKubernetes _kubernetes = new(TimeProvider.System);
    private readonly ScriptedDryRuns _dryRuns = new();

    [Theory]
    [InlineData("workflows.resource.configure.0.metadata.labels", "{\"a\": \"not valid!\"}", "invalid label value \"not valid!\" of key \"a\" in workflow \"resource\" action \"configure\"")]
    [InlineData("workflows.resource.configure.0.metadata.labels", "{\"a\": 1}", "invalid label value 1 of key \"a\"")]
    [InlineData("workflows.resource.configure.0.metadata.labels", "[]", "invalid labels in workflow \"resource\"")]
    public async Task Promise_that_could_not_be_used_is_refused(string path, string json, string why)
    {
        var promise = Samples.Promise();
        promise["spec"]!.Set(path, JsonNode.Parse(json));

        Assert.Contains(why, (await Review("CREATE", promise)).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_is_shown_to_the_api_server_before_anything_is_stored()
    {
        _dryRuns.Answer = new Outcome<JsonObject>.Terminal(Refusal.Invalid, "spec.names.plural: too plural");

        Assert.Equal("invalid CRD: spec.names.plural: too plural", (await Review("CREATE", Samples.Promise())).Refusal);
        var changed = Samples.Promise();
        changed["spec"]!["api"]!["spec"]!["versions"]![0]!["name"] = "v2";
        Assert.Equal("invalid CRD changes: spec.names.plural: too plural", (await Review("UPDATE", changed, Samples.Promise())).Refusal);
        Assert.Equal("redis", (string?)_dryRuns.Asked!["metadata"]!["labels"]!["kratix.io/promise-name"]);
    }

    [Fact]
    [Conformance("R8", "Removing spec.api from a Promise is rejected; adding one is allowed.")]
    public async Task Api_cannot_be_removed_but_added()
    {
        var without = Samples.Promise();
        without["spec"]!.AsObject().Remove("api");

        Assert.Equal("cannot remove API from existing promise", (await Review("UPDATE", without, Samples.Promise())).Refusal);
        Assert.Null((await Review("UPDATE", Samples.Promise(), without)).Refusal);
    }

    [Fact]
    public async Task What_requests_rely_on_is_immutable()
    {
        var changed = Samples.Promise();
        changed["spec"]!["api"]!["spec"]!["names"]!["kind"] = "Valkey";

        var refusal = (await Review("UPDATE", changed, Samples.Promise())).Refusal;

        Assert.StartsWith("promises.platform.kratix.io \"redis\" was not valid:\n* spec.api.spec.names: Invalid value: {", refusal, StringComparison.Ordinal);
        Assert.EndsWith("field is immutable", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_and_finalizers_may_be_written_whatever_is_wrong_with_the_rest()
    {
        var broken = Samples.Promise();
        broken["spec"]!["workflows"] = new JsonArray();
        var labelled = broken.DeepClone().AsObject();
        labelled["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
        Assert.Null((await Review("UPDATE", labelled, broken)).Refusal);

        var going = broken.DeepClone().AsObject();
        going["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        Assert.Null((await Review("UPDATE", going, Samples.Promise())).Refusal);
    }

    [Fact]
    public async Task Required_promises_that_are_not_there_are_warned_of_and_nothing_more()
    {
        var present = Samples.Promise("vault");
        present["metadata"]!["labels"] = new JsonObject { ["kratix.io/promise-version"] = "v1" };
        await _kubernetes.Create(Kinds.Promise, null, present, CancellationToken.None);
        await _kubernetes.Create(Kinds.PromiseRevision, null, Manifest("PromiseRevision", RevisionPublisher.NameOf("vault", "v1"), "{\"version\": \"v1\"}"), CancellationToken.None);
        var promise = Samples.Promise();
        promise["spec"]!["requiredPromises"] = JsonNode.Parse("""[{"name":"vault","version":"v1"},{"name":"vault","version":"v2"},{"name":"dns","version":"v1"},{"name":"net"}]""");

        var verdict = await Review("CREATE", promise);

        Assert.Null(verdict.Refusal);
        Assert.Equal(
            [
                "Required Promise \"vault\" installed, but no revision found at version \"v2\"",
                "Required Promise \"dns\" at version \"v1\" not installed",
                "Required Promise \"net\" not installed",
                "Promise will not be available until the above issue(s) is resolved",
            ],
            verdict.Warnings.ToArray());
    }

    [Fact]
    public async Task Latest_revision_goes_with_its_Promise_and_not_before()
    {
        var promise = Samples.Promise();
        promise["metadata"]!["finalizers"] = new JsonArray("example.org/hold");
        await _kubernetes.Create(Kinds.Promise, null, promise, CancellationToken.None);
        var (latest, earlier) = (Revision(true), Revision(false));

        Assert.Equal("can not delete the latest PromiseRevision", (await Review("DELETE", latest)).Refusal);
        Assert.Null((await Review("DELETE", earlier)).Refusal);
        await _kubernetes.Delete(Kinds.Promise, null, "redis", CancellationToken.None);
        Assert.Null((await Review("DELETE", latest)).Refusal);

        static JsonObject Revision(bool latest)
        {
            var revision = Manifest("PromiseRevision", "redis-5a7f3", "{\"version\": \"not-set\", \"promiseRef\": {\"name\": \"redis\"}}");
            revision["status"] = new JsonObject { ["latest"] = latest };
            return revision;
        }
    }

    [Fact]
    [Conformance("R65", "A pipelineNamespace that is not there is rejected.")]
    public async Task Pipelines_run_in_a_namespace_that_is_there()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["config"] = new JsonObject { ["pipelineNamespace"] = "pipelines" };

        Assert.Equal("spec.workflows.config.pipelineNamespace is \"pipelines\", and there is no such namespace; create it first", (await Review("CREATE", promise)).Refusal);
        await _kubernetes.Create(Kinds.Namespace, null, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "pipelines" } }, CancellationToken.None);
        Assert.Null((await Review("CREATE", promise)).Refusal);
    }

    [Fact]
    public void One_file_for_all_gets_a_name()
    {
        var destination = Manifest("Destination", "d", "{\"filepath\": {\"mode\": \"aggregatedYAML\"}}");

        Assert.True(AdmissionRules.FillIn(new AdmissionQuestion("CREATE", "Destination", "d", destination, null)));
        Assert.Equal("aggregated.yaml", (string?)destination["spec"]!["filepath"]!["filename"]);
        Assert.False(AdmissionRules.FillIn(new AdmissionQuestion("CREATE", "Destination", "d", destination, null)));
    }

    private Task<AdmissionVerdict> Review(string operation, JsonObject item, JsonObject? before = null) => new AdmissionRules(_kubernetes, _dryRuns, Samples.Settings).Review(
        operation == "DELETE" ? new(operation, item["kind"]!.ToString(), item.Name(), null, item) : new(operation, item["kind"]!.ToString(), item.Name(), item, before), CancellationToken.None);

    private static JsonObject Manifest(string kind, string name, string spec) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = JsonNode.Parse(spec),
    };

    private sealed class ScriptedDryRuns : IDryRuns
    {
        public Outcome<JsonObject> Answer { get; set; } = new Outcome<JsonObject>.Done([]);

        public JsonObject? Asked { get; private set; }

        public Task<Outcome<JsonObject>> Apply(ResourceType type, string? ns, string name, JsonObject body, CancellationToken cancellation)
        {
            Asked = body;
            return Task.FromResult(Answer);
        }
    }
}
