using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Testing;

/// <summary>
/// What is asked of a write, and what the answer says: <paramref name="Refusal"/> is part of it, and null lets the write pass with <paramref name="Warning"/>, if any.
/// </summary>
public sealed record AdmissionRow(string Rule, string Operation, JsonObject? Object, JsonObject? Before, string? Refusal = null, string? Warning = null)
{
    public string Kind => (Object ?? Before)!["kind"]!.ToString();

    public string Name => (Object ?? Before)!["metadata"]!["name"]!.ToString();

    public override string ToString() => $"{Kind}: {Rule}";
}

/// <summary>The rules of admission, row by row in the reference's words, for every door at which they are asked.</summary>
public static class AdmissionTable
{
    private const string Pipelines = "spec.workflows.resource.configure.0";

    public static IReadOnlyList<AdmissionRow> Rows { get; } =
    [
        Create("a Promise that can be used", Promise()),
        Create("a cluster-scoped API", With("spec.api.spec.scope", "\"Cluster\""), "promise api needs to be namespace scoped; spec.api.spec.scope cannot be: Cluster"),
        Create("an API that is none", With("spec.api.kind", "\"Deployment\""), "it must be apiextensions.k8s.io/v1 CustomResourceDefinition"),
        Create("an API of another name", With("spec.api.metadata.name", "\"others.example.org\""), "invalid CRD: spec.api.metadata.name is \"others.example.org\"; it must be things.example.org"),
        Create("an API that the API server refuses", With("spec.api.metadata.annotations", "{\"refused\": \"yes\"}"), "invalid CRD: refused by the API server"),
        Update("a change of the API that the API server refuses", With("spec.api.metadata.annotations", "{\"refused\": \"yes\"}"), Promise(), "invalid CRD changes: refused by the API server"),
        Create("an unknown kind of workflow entry", With($"{Pipelines}.kind", "\"Job\""), "unsupported pipeline platform.kratix.io/v1alpha1/Job"),
        Create("an unknown field of a Pipeline", With($"{Pipelines}.spec.retries", "3"), "failed unmarshalling pipeline: unknown field \"spec.workflows.resource.configure[0].spec.retries\""),
        Create("a label key of a Pipeline", With($"{Pipelines}.metadata.labels", "{\"a b\": \"c\"}"), "invalid label key \"a b\" in workflow \"resource\" action \"configure\""),
        Create("a label value of a Pipeline", With($"{Pipelines}.metadata.labels", "{\"a\": \"b c\"}"), "invalid label value \"b c\""),
        Create("two Pipelines of one name", With("spec.workflows.resource.configure.1", Pipeline("main").ToJsonString()), "duplicate pipeline name \"main\" in workflow \"resource\" action \"configure\""),
        Create("a Pipeline with too long a name", With($"{Pipelines}.metadata.name", $"\"{new string('m', 50)}\""), "is too long"),
        Create("an interval that is no duration", With("spec.workflows.config", "{\"reconciliationInterval\": \"soon\"}"), "must be a valid duration"),
        Create("an interval that is too short", With("spec.workflows.config", "{\"reconciliationInterval\": \"30s\"}"), "must be at least 1m0s"),
        Create("an annotated interval that is too short", Annotated(Promise(), "30s"), "must be at least 1m0s"),
        Update("an annotated interval that was as bad before", Annotated(Promise(), "30s"), Annotated(Promise(), "30s")),
        Create("a required Promise that is not installed", Requiring("nobody", ""), null, "Required Promise \"nobody\" not installed"),
        Create("a required version of a Promise that is not installed", Requiring("nobody", "v1"), null, "Required Promise \"nobody\" at version \"v1\" not installed"),
        Create("a required version that was never installed", Requiring("vault", "v9"), null, "Required Promise \"vault\" installed, but no revision found at version \"v9\""),
        Create("what a missing requirement means", Requiring("nobody", ""), null, "Promise will not be available until the above issue(s) is resolved"),
        Create("a required version of which there is a revision", Requiring("vault", "v1")),
        Update("an API that is taken away", With("spec.api", "null"), Promise(), "cannot remove API from existing promise"),
        Update("an API that is added", Promise(), With("spec.api", "null")),
        Update("another group of the API", Group("example.com"), Promise(), "* spec.api.metadata.name: Invalid value: \"things.example.com\": field is immutable"),
        Update("another kind of the API", With("spec.api.spec.names.kind", "\"Other\""), Promise(), "* spec.api.spec.names: Invalid value: {"),
        Update("another short name of the API", With("spec.api.spec.names.shortNames", "[\"th\"]"), Promise(), "field is immutable"),
        Update("another schema of the API", With("spec.api.spec.versions.0.schema", "{\"openAPIV3Schema\": {\"type\": \"object\"}}"), Promise()),
        Create("a release without a URL", Manifest("PromiseRelease", "r", "{\"sourceRef\": {\"type\": \"http\"}}"), "sourceRef.url must be set"),
        Create("a Destination without a path", Destination("b", "", "git"), "path field is required"),
        Create("a Destination without a state store", Manifest("Destination", "b", "{\"path\": \"b\"}"), "stateStoreRef field is required"),
        Create("a path that is taken", Destination("b", "a", "git"), "destination path 'a' already exists for state store 'git'"),
        Create("a path that is taken in another store", Destination("b", "a", "other"), null, "GitStateStore \"other\" does not exist"),
        Update("a Destination's own path", Destination("a", "a", "git"), Destination("a", "z", "git")),
        Create("a bucket without a secret", Bucket("{}"), "spec.secretRef must be set when using authentication method accessKey"),
        Create("a bucket whose secret has no name", Bucket("{\"secretRef\": {\"namespace\": \"default\"}}"), "spec.secretRef must contain secret name"),
        Create("a bucket whose secret has no namespace", Bucket("{\"secretRef\": {\"name\": \"s\"}}"), "spec.secretRef must contain secret namespace"),
        Create("a bucket with the machine's own rights", Bucket("{\"authMethod\": \"IAM\"}")),
        Create("an annotated interval of a revision", Annotated(Revision(true), "1s"), "must be at least 1m0s"),
        new("the latest revision", "DELETE", null, Revision(true), "can not delete the latest PromiseRevision"),
        new("an earlier revision", "DELETE", null, Revision(false)),
        new("a Promise", "DELETE", null, Promise()),
    ];

    /// <summary>What is there already.</summary>
    public static async Task<FakeKubernetes> World(TimeProvider time)
    {
        var world = new FakeKubernetes(time);
        foreach (var item in (JsonObject[])[Promise("vault"), Revision(true), Manifest("PromiseRevision", "vault-6654c", "{\"version\": \"v1\"}"), Destination("a", "a", "git"), Manifest("GitStateStore", "git", "{}")])
            await world.Create(new ResourceType("platform.kratix.io", "v1alpha1", $"{item["kind"]!.ToString().ToLowerInvariant()}s", item["kind"]!.ToString(), false), null, item, CancellationToken.None);
        return world;
    }

    /// <summary>An API server that takes every CustomResourceDefinition without the annotation <c>refused</c>.</summary>
    public sealed class DryRuns : IDryRuns
    {
        public Task<Outcome<JsonObject>> Apply(ResourceType type, string? ns, string name, JsonObject body, CancellationToken cancellation) => Task.FromResult<Outcome<JsonObject>>(
            body["metadata"]?["annotations"]?["refused"] is null ? new Outcome<JsonObject>.Done(body) : new Outcome<JsonObject>.Terminal(Refusal.Invalid, "refused by the API server"));
    }

    private static AdmissionRow Create(string rule, JsonObject item, string? refusal = null, string? warning = null) => new(rule, "CREATE", item, null, refusal, warning);

    private static AdmissionRow Update(string rule, JsonObject item, JsonObject before, string? refusal = null) => new(rule, "UPDATE", item, before, refusal);

    private static JsonObject Promise(string name = "things")
    {
        var promise = Manifest("Promise", name, "{}");
        promise["spec"] = new JsonObject
        {
            ["api"] = JsonNode.Parse("""
                {
                  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "things.example.org" },
                  "spec": {
                    "group": "example.org", "scope": "Namespaced", "names": { "kind": "Thing", "plural": "things", "singular": "thing" },
                    "versions": [{ "name": "v1", "served": true, "storage": true }]
                  }
                }
                """),
            ["workflows"] = new JsonObject { ["resource"] = new JsonObject { ["configure"] = new JsonArray(Pipeline("main")) } },
        };
        return promise;
    }

    private static JsonObject Pipeline(string name) => JsonNode.Parse($$"""
        { "apiVersion": "platform.kratix.io/v1alpha1", "kind": "Pipeline", "metadata": { "name": "{{name}}" }, "spec": { "containers": [{ "name": "work", "image": "example/work:1" }] } }
        """)!.AsObject();

    private static JsonObject Group(string group)
    {
        var promise = With("spec.api.spec.group", $"\"{group}\"");
        promise["spec"]!["api"]!["metadata"]!["name"] = $"things.{group}";
        return promise;
    }

    private static JsonObject Requiring(string name, string version)
    {
        var promise = Promise();
        promise["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = name, ["version"] = version });
        return promise;
    }

    private static JsonObject Annotated(JsonObject item, string interval)
    {
        item["metadata"]!["annotations"] = new JsonObject { ["kratix.io/reconciliation-interval"] = interval };
        return item;
    }

    private static JsonObject Revision(bool latest)
    {
        var revision = Manifest("PromiseRevision", "vault-5a7f3", "{\"version\": \"not-set\", \"promiseRef\": {\"name\": \"vault\"}, \"promiseSpec\": {}}");
        revision["status"] = new JsonObject { ["latest"] = latest };
        return revision;
    }

    private static JsonObject Destination(string name, string path, string store) =>
        Manifest("Destination", name, $"{{\"path\": \"{path}\", \"stateStoreRef\": {{\"kind\": \"GitStateStore\", \"name\": \"{store}\"}}}}");

    private static JsonObject Bucket(string auth)
    {
        var bucket = Manifest("BucketStateStore", "b", auth);
        bucket["spec"]!["bucketName"] = "b";
        bucket["spec"]!["endpoint"] = "s3.example.org";
        return bucket;
    }

    private static JsonObject Manifest(string kind, string name, string spec) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec),
    };

    /// <summary>A Promise with this in place of what is at the path; one past the end of a list is added to it.</summary>
    private static JsonObject With(string path, string json)
    {
        var promise = Promise();
        var steps = path.Split('.');
        JsonNode at = promise;
        foreach (var step in steps[..^1])
            at = int.TryParse(step, out var index) ? at[index]! : at[step]!;
        if (at is JsonArray list && int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture) == list.Count)
            list.Add(JsonNode.Parse(json));
        else
            at[steps[^1]] = JsonNode.Parse(json);
        return promise;
    }
}
