using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What users and Pipelines control while workflows run.</summary>
public sealed class ControlTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    private const string Suspended = "kratix.io/workflow-suspended";

    [Fact]
    [Conformance("R80", "A Pipeline that suspends shows its message, and what it left in the output is not written.")]
    [Conformance("R81", "Taking the label kratix.io/workflow-suspended off goes on with that Pipeline.")]
    public async Task A_pipeline_waits_until_somebody_takes_the_label_off()
    {
        var corner = await shared.Corner("approval");
        await corner.Install(corner.Promise(
        [
            Manifests.Pipeline("prepare", "echo 'prepared: true' > /kratix/output/prepared.yaml"),
            Manifests.Pipeline(
                "approve",
                "echo 'asked: \"yes\"' > /kratix/metadata/status.yaml; echo 'approved: true' > /kratix/output/approved.yaml; "
                + "grep -q 'asked:' /kratix/input/object.yaml || { echo 'suspend: true'; echo 'message: somebody has to approve'; } > /kratix/metadata/workflow-control.yaml"),
        ]));
        await corner.Request("a");
        var waiting = await corner.Until("a", "is suspended", t => t.Has("Reconciled", "Unknown") && t["metadata"]?["labels"]?[Suspended] is not null);

        Assert.Contains("somebody has to approve", waiting["status"]!["message"]!.ToString(), StringComparison.Ordinal);
        var rows = waiting["status"]!["kratix"]!["workflows"]!["pipelines"]!.AsArray();
        Assert.Equal(["Succeeded", "Suspended"], rows.Select(r => r!["phase"]!.ToString()));
        Assert.DoesNotContain($"{corner.FilesOf("a", "approve")}/approved.yaml", await corner.Repository.Files());

        await corner.Kubectl.Run("label", corner.Things, "a", $"{Suspended}-");
        await corner.Reconciled("a");

        Assert.Contains($"{corner.FilesOf("a", "approve")}/approved.yaml", await corner.Repository.Files());
        var prepared = (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Count(line => line!.ToString().StartsWith("prepare succeeded", StringComparison.Ordinal));
        Assert.Equal(1, prepared);
    }

    [Fact]
    [Conformance("R82", "retryAfter runs the Pipeline again after its duration.")]
    [Conformance("K12", "With maxAttempts: 3 the third attempt is the last.")]
    public async Task A_pipeline_that_asks_for_retries_has_three_attempts()
    {
        var corner = await shared.Corner("attempts");
        await corner.Install("{ echo 'retryAfter: 1s'; echo 'maxAttempts: 3'; echo 'message: the database is not there'; } > /kratix/metadata/workflow-control.yaml");
        await corner.Request("a");
        var failed = await corner.Until("a", "has failed", t => t.Has("Reconciled", "False"));

        Assert.Equal(
            "Pipeline main failed: it asked to be tried again, but attempt 3 was its last (maxAttempts: 3 in workflow-control.yaml): the database is not there",
            failed["status"]!["message"]!.ToString());
        var asked = (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Count(line => line!.ToString().StartsWith("main asked to wait", StringComparison.Ordinal));
        Assert.Equal(2, asked);
    }

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

    private static async Task<int> Runs(Corner corner) =>
        (await corner.Audit("a")).SelectMany(e => e["story"]!.AsArray()).Count(line => line!.ToString().StartsWith("main succeeded", StringComparison.Ordinal));

    private static string? Message(JsonObject thing) =>
        (thing["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == "Reconciled")?["message"]?.ToString();
}
