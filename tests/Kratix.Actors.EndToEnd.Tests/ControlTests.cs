using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What users control by labels while workflows run.</summary>
public sealed class ControlTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R24", "kratix.io/manual-reconciliation runs a request again, and is removed.")]
    [Conformance("R78", "A paused request is neither run nor deleted until its pause ends.")]
    public async Task A_request_is_run_again_by_its_label_and_held_by_a_pause()
    {
        var corner = await shared.Corner("marks");
        await corner.Install("echo \"made: $(cat /proc/sys/kernel/random/uuid)\" > /kratix/output/made.yaml");
        await corner.Request("a");
        var before = (await corner.Reconciled("a")).Text("status.kratix.placements.0.commit");

        await corner.Kubectl.Run("label", corner.Things, "a", "kratix.io/manual-reconciliation=true");
        await corner.Until("a", "has lost the label", t => t["metadata"]?["labels"]?["kratix.io/manual-reconciliation"] is null);
        await corner.Until("a", "is Reconciled by another commit", t => t.IsReconciled() && t.Text("status.kratix.placements.0.commit") != before);
        Assert.Equal(2, await Runs(corner));

        await corner.Kubectl.Run("label", corner.Things, "a", "kratix.io/paused=true");
        await corner.Until("a", "is paused", t => Message(t) == "Paused");
        await corner.Kubectl.Run("delete", corner.Things, "a", "--wait=false");
        await corner.Request("b");
        await corner.Reconciled("b");
        Assert.Contains($"{corner.FilesOf("a")}/made.yaml", await corner.Repository.Files());

        await corner.Kubectl.Run("label", corner.Things, "a", "kratix.io/paused-");
        await corner.Kubectl.Run("wait", "--for=delete", $"{corner.Things}/a", "--timeout=60s");
        Assert.DoesNotContain($"{corner.FilesOf("a")}/made.yaml", await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R25", "kratix.io/reconcile-resources on a Promise runs all its requests again, and is removed.")]
    [Conformance("R79", "A paused Promise is Unavailable and pauses its requests, also new ones; the end of its pause runs all of them.")]
    public async Task A_promise_runs_its_requests_again_by_its_label_and_holds_them_by_a_pause()
    {
        var corner = await shared.Corner("marks-all");
        await corner.Install("echo \"made: $(cat /proc/sys/kernel/random/uuid)\" > /kratix/output/made.yaml");
        await corner.Request("a");
        await corner.Request("b");
        var (a, b) = (await RunAgain("a", null), await RunAgain("b", null));

        await corner.Kubectl.Run("label", "promise", corner.Name, "kratix.io/reconcile-resources=true");
        await corner.Kubectl.Until("promise", corner.Name, "has lost the label", p => p["metadata"]?["labels"]?["kratix.io/reconcile-resources"] is null);
        (a, b) = (await RunAgain("a", a), await RunAgain("b", b));

        await corner.Kubectl.Run("label", "promise", corner.Name, "kratix.io/paused=true");
        var paused = await corner.Kubectl.Until("promise", corner.Name, "is paused", p => p.Condition("Available")?.Message == "Paused");
        Assert.Equal("Unavailable", paused.Text("status.status"));
        await corner.Until("a", "is paused", t => Message(t) == "Paused");
        await corner.Request("c");
        await corner.Until("c", "is paused", t => Message(t) == "Paused");

        await corner.Kubectl.Run("label", "promise", corner.Name, "kratix.io/paused-");
        await corner.Kubectl.WaitFor("Available", $"promise/{corner.Name}");
        await RunAgain("a", a);
        await RunAgain("b", b);
        await RunAgain("c", null);

        async Task<string?> RunAgain(string name, string? before) =>
            (await corner.Until(name, "is Reconciled by another commit", t => t.IsReconciled() && t.Text("status.kratix.placements.0.commit") != before)).Text("status.kratix.placements.0.commit");
    }

    private static async Task<int> Runs(Corner corner) =>
        (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Count(line => line!.ToString().StartsWith("main succeeded", StringComparison.Ordinal));

    private static string? Message(JsonObject thing) =>
        (thing["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == "Reconciled")?["message"]?.ToString();
}
