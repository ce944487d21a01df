using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Promises that bring nothing but what a Destination needs.</summary>
public sealed class DependenciesTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R10", "Dependencies are delivered to all matching Destinations as static/PROMISE-dependencies.yaml, without a request.")]
    [Conformance("R11", "Removing all dependencies removes the files.")]
    public async Task A_promise_of_dependencies_alone_delivers_changes_and_takes_them_back()
    {
        var corner = await shared.Corner("only-deps");
        await corner.Kubectl.Apply(Manifests.Destination("only-deps-two", "only-deps-two", corner.Name, corner.Label));
        await corner.Kubectl.Apply(Promise(corner, "operator", "settings"));
        await corner.Kubectl.WaitFor("Available", $"promise/{corner.Name}");
        await Delivered(corner, "only-deps-two");
        var first = await Delivered(corner);
        Assert.Equal([FileAt(corner, "only-deps-two"), FileAt(corner, corner.Name)], await corner.Repository.Files());
        Assert.Equal(["operator", "settings"], Names(first.Text));

        await corner.Kubectl.Apply(Promise(corner, "operator", "other"));
        var second = await Delivered(corner, before: first.Commit);
        Assert.Equal(["operator", "other"], Names(second.Text));
        await corner.Kubectl.Apply(Promise(corner));
        await corner.Repository.Until("empty", files => files.Count == 0);

        await corner.Kubectl.Apply(Promise(corner, "operator"));
        await Delivered(corner, before: second.Commit);
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--timeout=120s");
        Assert.Empty(await corner.Repository.Files());

        static IEnumerable<string> Names(string text) => text.Split('\n').Where(l => l.StartsWith("  name: ", StringComparison.Ordinal)).Select(l => l["  name: ".Length..]);
    }

    [Fact]
    public async Task A_promise_larger_than_an_annotation_may_be_is_applied_like_any_other()
    {
        var corner = await shared.Corner("large");
        var promise = Promise(corner, "huge");
        promise["spec"]!["dependencies"]![0]!["data"] = new JsonObject { ["blob"] = new string('x', 600_000) };
        await corner.Kubectl.Apply(promise);
        await corner.Kubectl.WaitFor("Available", $"promise/{corner.Name}");
        var first = await Delivered(corner);
        Assert.True(first.Text.Length > 600_000);

        promise["spec"]!["dependencies"]![0]!["metadata"]!["name"] = "renamed";
        await corner.Kubectl.Apply(promise);
        Assert.Contains("name: renamed\n", (await Delivered(corner, before: first.Commit)).Text, StringComparison.Ordinal);
    }

    private static JsonObject Promise(Corner corner, params string[] configMaps)
    {
        var promise = Manifests.Promise(corner.Name, null, null, corner.Label);
        promise["spec"]!["dependencies"] = new JsonArray([.. configMaps.Select(name => new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" }, ["data"] = new JsonObject { ["a"] = "b" },
        })]);
        return promise;
    }

    /// <summary>Waits until a commit other than <paramref name="before"/> has brought the dependencies to the Destination.</summary>
    private static async Task<(string Commit, string Text)> Delivered(Corner corner, string? destination = null, string? before = null)
    {
        var to = destination ?? corner.Name;
        var placement = await corner.Kubectl.UntilAny(
            "workplacements", "the dependencies are delivered",
            w => w.Text("spec.promiseName") == corner.Name && w.Text("spec.targetDestinationName") == to && w.Has("WriteSucceeded") && w.Text("status.versionID") != before, "-A");
        var commit = placement.Text("status.versionID")!;
        return (commit, await corner.Repository.Git("show", $"{commit}:{FileAt(corner, to)}"));
    }

    private static string FileAt(Corner corner, string destination) => $"{destination}/dependencies/{corner.Name}/5058f/static/{corner.Name}-dependencies.yaml";
}
