using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

public sealed class PromiseReaderTests
{
    private const string Configure = "workflows.resource.configure";

    [Theory]
    [InlineData("api", "\"text\"", "spec.api must be a CustomResourceDefinition")]
    [InlineData("api.kind", "\"Pod\"", "spec.api is apiextensions.k8s.io/v1/Pod")]
    [InlineData("api.spec", "\"text\"", "spec.api.spec.group is missing")]
    [InlineData("api.spec.group", "\"\"", "spec.api.spec.group is missing")]
    [InlineData("api.spec.versions", "[]", "spec.api.spec.versions[0].name is missing")]
    [InlineData("api.spec.names", "1", "spec.api.spec.names.plural is missing")]
    [InlineData("api.metadata", "\"x\"", "spec.api.metadata is \"x\"; it must be a map")]
    [InlineData("api.metadata.name", "\"wrong\"", "spec.api.metadata.name is \"wrong\"; it must be redis.example.org")]
    [InlineData("api.spec.scope", "\"Cluster\"", "promise api needs to be namespace scoped; spec.api.spec.scope cannot be: Cluster")]
    [InlineData("workflows", "[]", "spec.workflows is []; it must be a map")]
    [InlineData("workflows.resource", "\"x\"", "spec.workflows.resource is \"x\"; it must be a map")]
    [InlineData(Configure, "{}", "spec.workflows.resource.configure must be a list of Pipelines")]
    [InlineData(Configure, "[1]", "spec.workflows.resource.configure[0] must be a map")]
    [InlineData(Configure + ".0.kind", "\"Job\"", "unsupported pipeline platform.kratix.io/v1alpha1/Job at spec.workflows.resource.configure[0]; accepted: platform.kratix.io/v1alpha1 Pipeline, v1 Pod, tekton.dev/v1 Task")]
    [InlineData(Configure + ".0.apiVersion", "\"tekton.dev/v1beta1\"", "unsupported pipeline tekton.dev/v1beta1/Pipeline")]
    [InlineData(Configure, "[{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"p\"}, \"spec\": {}}]", "configure[0].spec.containers must list at least one container")]
    [InlineData(Configure, "[{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"generateName\": \"p-\"}, \"spec\": {}}]", "configure[0].metadata.name is \"\"")]
    [InlineData(Configure, "[{\"apiVersion\": \"tekton.dev/v1\", \"kind\": \"Task\", \"metadata\": {\"name\": \"p\"}, \"spec\": {\"steps\": []}}]", "configure[0].spec.steps must list at least one step")]
    [InlineData(Configure + ".0.metadata", "1", "spec.workflows.resource.configure[0].metadata is 1; it must be a map")]
    [InlineData(Configure + ".0.metadata.name", "\"Upper Case\"", "it must be lower-case letters")]
    [InlineData(Configure + ".0.metadata.name", "\"a-name-that-is-far-too-long-for-what-is-made-of-it\"", "is too long")]
    [InlineData(Configure + ".0.spec", "null", "spec.workflows.resource.configure[0].spec is missing")]
    [InlineData(Configure + ".0.spec.container", "[]", "unknown field \"spec.workflows.resource.configure[0].spec.container\"")]
    [InlineData(Configure + ".0.spec.containers", "[]", "must list at least one container")]
    [InlineData(Configure + ".0.spec.containers.0.name", "\"writer\"", "is used by another container of the Pipeline, or by the platform")]
    [InlineData(Configure + ".0.spec.containers.0.image", "\"\"", "containers[0].image is missing")]
    [InlineData(Configure + ".0.spec.containers.0.ports", "[]", "unknown field")]
    [InlineData(Configure + ".0.spec.restartPolicy", "\"Always\"", "spec.restartPolicy is \"Always\"; it must be Never or OnFailure")]
    [InlineData(Configure + ".0.spec.rbac", "{\"roles\": []}", "unknown field \"spec.workflows.resource.configure[0].spec.rbac.roles\"")]
    [InlineData(Configure + ".0.spec.rbac", "{\"permissions\": [{\"resources\": [\"secrets\"]}]}", "rbac.permissions[0].verbs must list at least one verb")]
    [InlineData(Configure + ".0.spec.rbac", "{\"serviceAccount\": \"Not A Name\"}", "rbac.serviceAccount is \"Not A Name\"")]
    [InlineData("workflows.config", "{\"pipelineNamespace\": \"No Name\"}", "pipelineNamespace is \"No Name\"; it must name a namespace")]
    [InlineData(Configure + ".0.spec.volumes", "{}", "spec.volumes must be a list")]
    [InlineData(Configure + ".0.spec.nodeSelector", "[]", "spec.nodeSelector is []; it must be a map")]
    [InlineData(Configure + ".0.spec.jobOptions", "3", "spec.jobOptions is 3; it must be a map")]
    [InlineData(Configure + ".0.spec.jobOptions", "{\"backoffLimit\": -1}", "backoffLimit is -1; it must be a number, 0 or more")]
    [InlineData(Configure + ".0.spec.jobOptions", "{\"backoffLimit\": \"many\"}", "backoffLimit is \"many\"")]
    [InlineData(Configure + ".0.spec.jobOptions", "{\"activeDeadlineSeconds\": 1.5}", "activeDeadlineSeconds is 1.5; it must be a whole number")]
    [InlineData(Configure + ".0.spec.jobOptions", "{\"activeDeadlineSeconds\": 0}", "activeDeadlineSeconds is 0")]
    [InlineData("workflows.config", "{\"reconciliationInterval\": \"soon\"}", "reconciliationInterval is \"soon\"; it must be a valid duration")]
    [InlineData("workflows.config", "{\"reconciliationInterval\": \"30s\"}", "it must be at least 1m0s")]
    [InlineData("destinationSelectors", "{}", "spec.destinationSelectors must be a list")]
    [InlineData("destinationSelectors", "[{}]", "every entry needs matchLabels")]
    [InlineData("destinationSelectors", "[\"x\"]", "every entry needs matchLabels")]
    [InlineData("dependencies", "[1]", "spec.dependencies of redis must be a list of Kubernetes objects")]
    public void Promise_that_cannot_be_used_is_refused_by_field(string path, string json, string reason)
    {
        var promise = Samples.Promise();
        promise["spec"]!.Set(path, JsonNode.Parse(json));

        Assert.Contains(reason, Assert.Throws<PromiseRefusedException>(() => PromiseReader.Read(promise, Samples.Settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Promise_without_a_spec_is_refused() =>
        Assert.Equal("spec is missing", Assert.Throws<PromiseRefusedException>(() => PromiseReader.Read(new JsonObject(), Samples.Settings)).Message);

    [Fact]
    public void Pipelines_of_one_name_are_refused()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"]!.AsArray().Add(Samples.Pipeline("configure"));

        Assert.Contains("duplicate pipeline name \"configure\"", Assert.Throws<PromiseRefusedException>(() => PromiseReader.Read(promise, Samples.Settings)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1h30m", 90)]
    [InlineData("2d", 2880)]
    [InlineData("1.5h", 90)]
    [Conformance("K15", "The interval can be set per Promise.")]
    public void Interval_of_the_Promise_goes_before_the_settings(string text, int minutes) => Assert.Equal(
        TimeSpan.FromMinutes(minutes), PromiseReader.Read(Samples.Promise(interval: text), Samples.Settings).Definition.Revision.Interval);

    [Theory]
    [InlineData("api", "null")]
    [InlineData("api", "{}")]
    public void Promise_without_an_API_is_one(string path, string json)
    {
        var promise = Samples.Promise();
        promise["spec"]!.Set(path, JsonNode.Parse(json));

        Assert.Null(PromiseReader.Read(promise, Samples.Settings).Definition.Api);
    }

    [Fact]
    public void Dependencies_are_one_file()
    {
        var promise = Samples.Promise();
        promise["spec"]!["dependencies"] = JsonNode.Parse("""[{"kind":"Namespace"},{"kind":"Deployment"}]""");
        var reading = PromiseReader.Read(promise, Samples.Settings);

        Assert.Equal("static/redis-dependencies.yaml", reading.Definition.Dependencies!.Path);
        Assert.Equal("kind: Namespace\n---\nkind: Deployment\n", System.Text.Encoding.UTF8.GetString(reading.DependenciesFile!));
    }
}
