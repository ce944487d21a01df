using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Entries;

public sealed class PodEntryTests
{
    [Theory]
    [InlineData("containers: []", "at.spec.containers must list at least one container")]
    [InlineData("containers: {}", "at.spec.containers must be a list of maps")]
    [InlineData("initContainers: [{name: a, image: i}]", "at.spec.containers must list at least one container")]
    [InlineData("containers: [{name: a}]", "at.spec.containers[0].image is missing")]
    [InlineData("containers: [{name: A, image: i}]", "at.spec.containers[0].name is \"A\"; it must be lower-case")]
    [InlineData("initContainers: [{name: a, image: i}], containers: [{name: a, image: i}]", "at.spec.containers[0].name \"a\" is used by another container")]
    [InlineData("containers: [{name: writer, image: i}]", "or by the platform (reader, writer)")]
    [InlineData("containers: [{name: a, image: i, script: x}]", "unknown field \"at.spec.containers[0].script\"")]
    [InlineData("initContainers: [{name: a, image: i, restartPolicy: Always}], containers: [{name: b, image: i}]", "at.spec: container \"a\" has a restartPolicy, \"Always\"; a container of a workflow's Pod runs once")]
    [InlineData("restartPolicy: Always, containers: [{name: a, image: i}]", "at.spec.restartPolicy is \"Always\"; a Pod of a workflow must end")]
    [InlineData("nodes: 3, containers: [{name: a, image: i}]", "unknown field \"at.spec.nodes\"")]
    [InlineData("ephemeralContainers: [], containers: [{name: a, image: i}]", "unknown field \"at.spec.ephemeralContainers\"")]
    [InlineData("volumes: {}, containers: [{name: a, image: i}]", "at.spec.volumes must be a list of maps")]
    [Conformance("K7", "A Pod that cannot be a workflow's is refused by field.")]
    public void Pod_that_cannot_be_run_is_refused_by_field(string spec, string reason) =>
        Assert.Contains(reason, Assert.Throws<PromiseRefusedException>(() => PodEntry.Check(Pod(spec), "at")).Message, StringComparison.Ordinal);

    [Fact]
    public void Init_containers_are_in_order_and_containers_side_by_side_and_the_rest_is_the_Pods()
    {
        var parts = PodEntry.Parts(
            Pod("restartPolicy: Never, initContainers: [{name: a, image: i}, {name: b, image: i}], containers: [{name: c, image: i}, {name: d, image: i}], volumes: [{name: v, emptyDir: {}}], hostNetwork: true, activeDeadlineSeconds: 5"),
            "at");
        Assert.Equal(["a", "b"], parts.Steps.Select(c => (string?)c!["name"]));
        Assert.Equal(["c", "d"], parts.SideBySide.Select(c => (string?)c!["name"]));
        Assert.Equal("v", (string?)Assert.Single(parts.Volumes)!["name"]);
        Assert.Equal("""{"restartPolicy":"Never","hostNetwork":true,"activeDeadlineSeconds":5}""", parts.Pod.ToJsonString());
    }

    private static JsonObject Pod(string spec) => new() { ["spec"] = Yaml.Parse($"{{{spec}}}") };
}
