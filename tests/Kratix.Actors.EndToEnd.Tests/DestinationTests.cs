using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Destinations as they come, lose their labels, and go.</summary>
public sealed class DestinationTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R110", "With initWorkloads the canaries are in the repository when the Destination is Ready, with reason TestDocumentsWritten; switched off they are removed, and the reason is DestinationReady.")]
    public async Task Canaries_come_with_a_destination_and_go_when_they_are_switched_off()
    {
        var corner = await shared.Corner("canary");
        var flat = Destination("canary-flat", corner);
        flat["spec"]!["filepath"] = new JsonObject { ["mode"] = "none" };
        await corner.Kubectl.Apply(Manifests.List(Destination("canary-nested", corner), flat));
        await corner.Kubectl.WaitFor("Ready", "destination/canary-nested");
        await corner.Kubectl.WaitFor("Ready", "destination/canary-flat");

        Assert.Equal(
            [
                "canary-flat/kratix-canary-configmap.yaml", "canary-flat/kratix-canary-namespace.yaml",
                "canary-nested/dependencies/kratix-canary-namespace.yaml", "canary-nested/resources/kratix-canary-configmap.yaml",
            ],
            await corner.Repository.Files());
        Assert.Contains("canary: this confirms your infrastructure is reading from Kratix state stores", await corner.Repository.Read("canary-nested/resources/kratix-canary-configmap.yaml"), StringComparison.Ordinal);
        Assert.Equal("TestDocumentsWritten", (await corner.Kubectl.Get("destination", "canary-nested")).Condition("Ready")!.Reason);
        Assert.All(await corner.Repository.Commits(), c => Assert.Contains("request=destination/canary-", c.Message, StringComparison.Ordinal));

        await corner.Kubectl.Run("patch", "destination", "canary-nested", "--type", "merge", "-p", """{"spec":{"initWorkloads":{"enabled":false}}}""");
        await corner.Repository.Until("without the nested canaries", files => !files.Any(f => f.StartsWith("canary-nested/", StringComparison.Ordinal)));
        await corner.Kubectl.Until("destination", "canary-nested", "is ready without test documents", d => d.Condition("Ready")?.Reason == "DestinationReady", "");
        Assert.Equal(2, (await corner.Repository.Files()).Count);
    }

    [Fact]
    [Conformance("R111", "cleanup: all removes placements and canaries before the Destination disappears, and its requests go to another match; none leaves the files, and nothing waits for it.")]
    public async Task A_destination_takes_its_files_along_or_leaves_them()
    {
        var corner = await shared.Corner("leaving");
        var first = Destination("leaving-first", corner, cleanup: "all");
        first["metadata"]!["labels"] = new JsonObject { ["kin"] = "leaving" };
        var second = Destination("leaving-second", corner, cleanup: "none");
        second["metadata"]!["labels"] = new JsonObject { ["kin"] = "leaving" };
        await corner.Kubectl.Apply(first);
        await corner.Kubectl.WaitFor("Ready", "destination/leaving-first");
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        promise["spec"]!["destinationSelectors"] = new JsonArray(JsonNode.Parse("""{ "matchLabels": { "kin": "leaving" } }"""));
        await corner.Install(promise);
        await corner.Request("a");
        Assert.Equal("leaving-first", (await corner.Reconciled("a")).Text("status.kratix.destination"));
        await corner.Kubectl.Apply(second);
        await corner.Kubectl.WaitFor("Ready", "destination/leaving-second");

        await corner.Kubectl.Run("delete", "destination", "leaving-first", "--timeout=120s");
        Assert.DoesNotContain(await corner.Repository.Files(), f => f.StartsWith("leaving-first/", StringComparison.Ordinal));
        await corner.Until("a", "is Reconciled at the other Destination", t => t.IsReconciled() && t.Text("status.kratix.destination") == "leaving-second");
        Assert.Contains($"{corner.FilesOf("a", destination: "leaving-second")}/a.yaml", await corner.Repository.Files());

        await corner.Kubectl.Run("delete", "destination", "leaving-second", "--timeout=120s");
        Assert.Equal(3, (await corner.Repository.Files()).Count);
        await corner.Kubectl.Run("delete", "gitstatestore", corner.Name, "--timeout=120s");
        await corner.Kubectl.Run("delete", "promise", corner.Name, "--timeout=120s");
        Assert.Equal(3, (await corner.Repository.Files()).Count);
    }

    [Fact]
    [Conformance("R95", "A Destination that loses its labels leaves its placements misplaced, with their files kept.")]
    [Conformance("R96", "reschedule takes misplaced files back, places them where they belong now, and prints what moved.")]
    public async Task Misplaced_files_stay_until_they_are_rescheduled()
    {
        var corner = await shared.Corner("moved");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        await corner.Reconciled("a");
        Assert.Contains("nothing of moved/default/a is misplaced", (await Reschedule(corner, "moved/default/a")).Output, StringComparison.Ordinal);

        await corner.Kubectl.Run("label", "destination", "moved", "corner=elsewhere", "--overwrite");
        var placement = await corner.Kubectl.UntilAny("workplacements", "is misplaced", w => w.Text("spec.promiseName") == "moved" && w.Condition("Ready")?.Message == "Misplaced");
        Assert.Equal([$"{corner.FilesOf("a")}/a.yaml"], await corner.Repository.Files());
        await corner.Kubectl.Apply(Manifests.Destination("moved-two", "moved-two", corner.Name, corner.Label));
        await corner.Kubectl.WaitFor("Ready", "destination/moved-two");

        var said = await Reschedule(corner, "moved/default/a");
        Assert.Equal((0, $"{placement.Text("metadata.name")} goes from moved to moved-two\n"), (said.ExitCode, said.Output));
        await corner.Until("a", "is Reconciled at the other Destination", t => t.IsReconciled() && t.Text("status.kratix.destination") == "moved-two");
        Assert.Equal([$"{corner.FilesOf("a", destination: "moved-two")}/a.yaml"], await corner.Repository.Files());
        Assert.Equal(4, (await Reschedule(corner, "moved/default/nobody")).ExitCode);
        Assert.Equal(2, (await Reschedule(corner, "moved/a")).ExitCode);
    }

    [Fact]
    [Conformance("K31", "A Destination that is given another path takes its files along: they are written there, and taken back where they were, without a run.")]
    public async Task Files_move_with_their_destination()
    {
        var corner = await shared.Corner("moving");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        await corner.Reconciled("a");

        await corner.Kubectl.Run("patch", "destination", corner.Name, "--type", "merge", "-p", """{"spec":{"path":"moved-in"}}""");
        await corner.Repository.Until("at the new path alone", files => files.SequenceEqual([corner.FilesOf("a", destination: "moved-in") + "/a.yaml"]));
        await corner.Until("a", "names the new path", t => t.IsReconciled() && t.Text("status.kratix.placements.0.path")!.StartsWith("moved-in/", StringComparison.Ordinal));
        Assert.Single(await corner.Audit("a"), e => e.Text("event") == "run-succeeded");
    }

    [Fact]
    [Conformance("K8", "A Destination's annotation kratix.io/output-validation overrides the setting; a violation fails the run with file, line, reason and Destination, and writes nothing.")]
    public async Task A_destination_says_how_strictly_its_files_are_looked_at()
    {
        var corner = await shared.Corner("strict");
        await corner.Install("echo 'a: [1' > /kratix/output/a.yaml");
        await corner.Request("a");
        var failed = await corner.Until("a", "names the file", t => t.Text("status.message")?.Contains("/kratix/output/a.yaml line", StringComparison.Ordinal) == true);
        Assert.Contains("(Destination strict)", failed.Text("status.message"), StringComparison.Ordinal);
        Assert.Empty(await corner.Repository.Files());
        Assert.Contains(
            "annotation kratix.io/output-validation is 'strictly'; write kubernetes, yaml or none",
            (await corner.Kubectl.Try(null, "annotate", "destination", "strict", "kratix.io/output-validation=strictly")).All, StringComparison.Ordinal);

        await corner.Kubectl.Run("annotate", "destination", "strict", "kratix.io/output-validation=none");
        await corner.Kubectl.Run("label", corner.Things, "a", "kratix.io/manual-reconciliation=true");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/a.yaml"], await corner.Repository.Files());
    }

    private static Task<Said> Reschedule(Corner corner, string subject) =>
        Command.Try("dotnet", [Checkout.Program, "reschedule", subject, "--kubeconfig", Path.Combine(corner.Platform.DataFolder, "kubeconfig")]);

    private static JsonObject Destination(string name, Corner corner, string cleanup = "none")
    {
        var destination = Manifests.Destination(name, name, corner.Name, new JsonObject { ["kin"] = name });
        destination["spec"]!["initWorkloads"] = new JsonObject { ["enabled"] = true };
        destination["spec"]!["cleanup"] = cleanup;
        return destination;
    }
}
