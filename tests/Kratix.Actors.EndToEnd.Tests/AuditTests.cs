using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>The history, read with the program's own commands beside the running platform.</summary>
public sealed class AuditTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("K29", "audit tells a request from observation to commit: when, why, who asked, on which node and epoch, with steps and exit codes; each event carries the hash of the one before.")]
    public async Task Audit_tells_a_request_from_observation_to_commit()
    {
        var corner = await shared.Corner("history");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml", "true");
        await corner.Request("a");
        var commit = (await corner.Reconciled("a")).Text("status.kratix.placements.0.commit")!;

        var events = await corner.Audit("a");
        Assert.Equal(["observed", "run-succeeded", "placement-written"], events.Select(e => e.Text("event")));
        Assert.StartsWith("kubectl", events[0].Text("actor"), StringComparison.Ordinal);
        Assert.All(events, e => Assert.All(new[] { "time", "cause", "node", "actor", "hash" }, field => Assert.NotEqual("", e.Text(field) ?? "")));
        Assert.All(events, e => Assert.True(e.Number("epoch") >= 1));
        Assert.Equal(["", .. events.SkipLast(1).Select(e => e.Text("hash"))], events.Select(e => e.Text("previousHash")));
        Assert.Equal([("step-1", 0), ("step-2", 0)], events[1].At("data.steps")!.AsArray().Select(s => (s.Text("name")!, (int)s.Number("exitCode"))));
        Assert.Contains(commit, events[2].ToJsonString(), StringComparison.Ordinal);

        var table = await corner.Platform.Cli("audit", "history/default/a");
        Assert.True(table.ExitCode == 0, table.All);
        Assert.Contains("placement-written", table.Output, StringComparison.Ordinal);
        var verified = await corner.Platform.Cli("audit", "verify", "history/default/a");
        Assert.True(verified.ExitCode == 0, verified.All);
    }
}
