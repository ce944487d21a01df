using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>The disk under the data folder fills up and is emptied again, with a user at work.</summary>
public sealed partial class FullDiskTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Fact]
    [Conformance("K29", "When the disk under the journal is full, readiness and kubectl say so; when there is room again the platform goes on by itself, and audit verify finds nothing missing.")]
    public async Task Platform_on_a_full_disk_says_so_and_goes_on_by_itself_when_there_is_room()
    {
        using var disk = new SmallDisk(_folder.Data, "256m");
        await using var platform = await PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify");
        var corner = await Corner.Make(platform, _folder.In("full.git"), "full");
        await corner.Install("sleep 2; field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Reconciled("a");
        await corner.Request("running");
        await corner.Kubectl.UntilAny("pods", "runs", IsAtWork, "-l", "kratix.io/resource-name=running");

        // Its container ends on a full disk: what it hands in finds no room.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (status, problems) = (HttpStatusCode.OK, "");
        while (status == HttpStatusCode.OK)
        {
            // The node tidies up meanwhile, which makes room.
            limit.Token.ThrowIfCancellationRequested();
            disk.Fill();
            (status, problems) = await Ready(platform);
        }

        Assert.Contains($"journal: journal {_folder.Data}/journal.db: the disk is full. Free space on it", problems, StringComparison.Ordinal);
        var told = new Said(0, "", "");
        for (var n = 0; told.ExitCode == 0; n++)
        {
            limit.Token.ThrowIfCancellationRequested();
            disk.Fill();
            told = await corner.Kubectl.Try(null, "create", "configmap", $"more-{n}", "--from-literal=a=b");
        }

        Assert.Contains("disk is full", told.All, StringComparison.Ordinal);

        disk.Empty();
        await corner.Request("b");
        await corner.Request("a", "two");
        await corner.Reconciled("b");
        await corner.Reconciled("running");
        await corner.Until("a", "has its second value", t => t.IsReconciled() && t.Number("status.observedGeneration") == 2);
        Assert.Equal("two\n", await corner.Repository.Read($"{corner.FilesOf("a")}/value.txt"));
        var verified = await platform.Cli("audit", "verify");
        Assert.True(verified.ExitCode == 0, verified.All);
        Assert.Equal((HttpStatusCode.OK, "ok"), await Ready(platform));
        Assert.Equal(0, await platform.Stop());
    }

    private static bool IsAtWork(JsonObject pod) =>
        pod.At("status.initContainerStatuses") is JsonArray steps && steps.Any(s => s!["name"]!.ToString() == "step-1" && s["state"]?["running"] is not null);

    private static async Task<(HttpStatusCode Status, string Problems)> Ready(PlatformProcess platform)
    {
        using var client = new HttpClient { BaseAddress = new Uri(EngineUrl().Match(platform.Words).Groups[1].Value) };
        using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex(@"engine at (http://[^)]+)\)")]
    private static partial Regex EngineUrl();
}
