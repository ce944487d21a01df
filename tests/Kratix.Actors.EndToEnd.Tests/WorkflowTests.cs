using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>When workflows run, and what their results become.</summary>
public sealed class WorkflowTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R18", "Creating a request runs the configure workflow.")]
    [Conformance("R19", "Changing a request's spec runs the configure workflow again from its first Pipeline.")]
    [Conformance("R27", "Deleting a request runs the delete workflow.")]
    [Conformance("R42", "What lies in /kratix/output after the last container of a configure Pipeline is written to the state store.")]
    [Conformance("R43", "What a delete Pipeline leaves in /kratix/output goes nowhere.")]
    [Conformance("R98", "Output lands in a Git repository.")]
    [Conformance("R103", "Files that an update no longer makes are removed.")]
    [Conformance("R104", "Deleting a request removes its files.")]
    [Conformance("K23", "A request that is gone has no file left in the store.")]
    public async Task A_request_is_created_changed_and_deleted()
    {
        var corner = await shared.Corner("walk");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "value=$(field spec value); echo \"value: $value\" > /kratix/output/$value.yaml")],
            [Manifests.Pipeline("bye", "echo 'left: behind' > /kratix/output/farewell.yaml; echo 'message: leaving' > /kratix/metadata/status.yaml")]));

        await corner.Request("a", "one");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/one.yaml"], await corner.Repository.Files());
        Assert.Equal("value: one\n", await corner.Repository.Read($"{corner.FilesOf("a")}/one.yaml"));

        await corner.Request("a", "two");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/two.yaml"], await corner.Repository.Files());

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.Empty(await corner.Repository.Files());
        var steps = (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Select(line => line!.ToString()).ToList();
        Assert.Contains(steps, line => line.StartsWith("bye succeeded", StringComparison.Ordinal));
    }
}
