using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Everything goes, in whatever order it is told to go.</summary>
public sealed class DeletionOrderTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R125", "A Promise goes with everything that is labelled with it, also when its Destination and state store went before it.")]
    public async Task Destination_and_store_first_then_the_promise_leaves_nothing_behind()
    {
        var corner = await shared.Corner("backwards");
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Request("b");
        await corner.Reconciled("a");
        await corner.Reconciled("b");

        await corner.Kubectl.Run("delete", "gitstatestore", corner.Name, "--wait=false");
        await corner.Kubectl.Run("delete", "destination", corner.Name, "--wait=false");
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--wait=false");
        await corner.Kubectl.Run("delete", corner.Things, "a", "--wait=false", "--ignore-not-found");

        foreach (var subject in new[] { $"promise/{corner.Name}", $"destination/{corner.Name}", $"gitstatestore/{corner.Name}", $"crd/{corner.Things}" })
            await corner.Kubectl.WaitGone(subject);
        Assert.Empty(await corner.Kubectl.List("works,workplacements,serviceaccounts,roles,rolebindings", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));
        Assert.Empty(await corner.Kubectl.List("clusterroles,clusterrolebindings", "-l", $"kratix.io/promise-name={corner.Name}"));
    }

    [Fact]
    public async Task A_promise_first_takes_its_requests_and_their_files_with_it()
    {
        var corner = await shared.Corner("forwards");
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Reconciled("a");
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--wait=false");
        await corner.Kubectl.Run("delete", "destination", corner.Name, "--wait=false");
        await corner.Kubectl.WaitGone($"promise/{corner.Name}");
        await corner.Kubectl.WaitGone($"destination/{corner.Name}");
        Assert.Empty(await corner.Kubectl.List("works,workplacements", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));
    }
}
