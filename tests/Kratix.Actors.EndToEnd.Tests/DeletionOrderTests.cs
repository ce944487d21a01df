using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What goes with what.</summary>
public sealed class DeletionOrderTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R125", "A Promise takes its requests, their files, Works and WorkPlacements with it.")]
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
        await corner.Kubectl.WaitGone($"crd/{corner.Things}");
        Assert.Empty(await corner.Repository.Files());
        Assert.Empty(await corner.Kubectl.List("works,workplacements", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));
    }
}
