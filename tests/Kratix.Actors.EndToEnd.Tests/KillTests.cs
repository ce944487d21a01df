using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;
using Xunit.Abstractions;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>
/// The platform dies at random moments of its work, without warning. <c>KILL_COUNT</c>: how often (10 if it is not set); <c>KILL_SEED</c>: when.
/// </summary>
public sealed partial class KillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Requests = 20;

    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILL_COUNT"), out var count) ? count : 10;

    /// <summary>Every fifth kill the users change two more requests, so that there is work to be killed in.</summary>
    private static readonly (int First, int Second)[] Changes = [(1, 2), (4, 5), (6, 7), (8, 9), (10, 11), (12, 13), (14, 15), (16, 17), (18, 19)];

    private readonly TempFolder _folder = new();
    private readonly HashSet<int> _changed = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Fact]
    [Conformance("R126", "Killed at ten random moments of a run with twenty requests, the platform converges after each restart.")]
    [Conformance("K19", "At most one run of a request is active, and no step that had ended runs again, whenever the platform is killed.")]
    [Conformance("K24", "Every commit made between kills names the requests it is for, and changes nothing else.")]
    [Conformance("K29", "After ten kills the history is whole: audit verify finds no fault.")]
    public async Task Killed_at_random_moments_everything_converges_and_nothing_finished_runs_again()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KILL_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}; run again with KILL_SEED={seed}");
        var random = new Random(seed);
        var platform = await Start();
        var corner = await Corner.Make(platform, _folder.In("survivor.git"), "survivor");
        await corner.Install(Told("field spec value > /kratix/output/value.txt"), Told("echo \"message: value $(field spec value)\" > /kratix/metadata/status.yaml"));
        await corner.Kubectl.Apply(Manifests.List([.. Enumerable.Range(1, Requests).Select(i => corner.Thing($"r{i}"))]));

        for (var kill = 1; kill <= Kills; kill++)
        {
            await Moment(random, atMost: TimeSpan.FromSeconds(3));
            await platform.KillHard();
            await platform.DisposeAsync();
            // Some of the moments lie in the start itself.
            if (random.Next(3) == 0)
            {
                platform = await PlatformProcess.StartUnready(_folder.Data, "kratix.reconcile.on-start=verify");
                continue;
            }

            platform = await Start();
            corner = corner.On(platform);
            if (kill / 5 <= _changed.Count / 2 || _changed.Count == 2 * Changes.Length)
                continue;
            if (_changed.Count == 0)
                await corner.Kubectl.Run("delete", corner.Things, "r3", "--wait=false");
            var (first, second) = Changes[_changed.Count / 2];
            await Change(corner, first);
            await Change(corner, second);
        }

        await platform.DisposeAsync();
        platform = await Start();
        corner = corner.On(platform);
        foreach (var request in _changed.ToList())
            await Change(corner, request);
        await corner.Kubectl.Run("delete", corner.Things, "r3", "--timeout=120s", "--ignore-not-found");
        foreach (var i in Enumerable.Range(1, Requests).Where(i => i != 3))
            await corner.Reconciled($"r{i}");

        await FilesAreRight(corner);
        await CommitsAreAttributed(corner);
        await NothingFinishedRanAgain(corner);
        var verified = await platform.Cli("audit", "verify");
        Assert.True(verified.ExitCode == 0, verified.All);
        await platform.DisposeAsync();
    }

    private async Task Change(Corner corner, int request)
    {
        try
        {
            await corner.Request($"r{request}", "two");
        }
        catch (InvalidOperationException refused) when (refused.Message.Contains("no matches for kind", StringComparison.Ordinal))
        {
            // kubectl asks for each API group by itself, and takes an answer that it did not get for a group that is not there. Whether it is there is asked without that.
            output.WriteLine(refused.Message);
            await corner.Kubectl.Run("get", "--raw", $"/apis/{corner.Group}/v1/namespaces/default/things/r{request}");
            await corner.Request($"r{request}", "two");
        }

        _changed.Add(request);
    }

    private async Task FilesAreRight(Corner corner)
    {
        var expected = Enumerable.Range(1, Requests).Where(i => i != 3).Select(i => $"{corner.FilesOf($"r{i}")}/value.txt").Order(StringComparer.Ordinal);
        Assert.Equal(expected, (await corner.Repository.Files()).Order(StringComparer.Ordinal));
        foreach (var i in Enumerable.Range(1, Requests).Where(i => i != 3))
            Assert.Equal(_changed.Contains(i) ? "two\n" : "one\n", await corner.Repository.Read($"{corner.FilesOf($"r{i}")}/value.txt"));
    }

    private static async Task CommitsAreAttributed(Corner corner)
    {
        foreach (var commit in await corner.Repository.Commits())
        {
            var named = commit.Placements.Select(line => RequestOfTrailer().Match(line).Groups[1].Value).ToHashSet();
            Assert.NotEmpty(named);
            Assert.All(await corner.Repository.ChangedBy(commit), path => Assert.Contains(path.Split('/')[4], named));
        }
    }

    private static string Told(string script) => $"echo {ContainerLog.Begin}; {script}; echo {ContainerLog.End}";

    private async Task NothingFinishedRanAgain(Corner corner)
    {
        var lives = ContainerLog.Lives(_folder.Data, $"kratix-{corner.Name}-r");
        Assert.NotEmpty(lives);
        Assert.All(
            lives.GroupBy(life => (life.Pod, life.Container)),
            same => Assert.DoesNotContain(same.SkipLast(1), earlier => earlier.Ended is not null));
        foreach (var request in lives.GroupBy(life => RequestOfPod().Match(life.Pod).Groups[1].Value))
        {
            var succeeded = (await corner.Audit(request.Key)).Count(e => e.Text("event") == "run-succeeded");
            Assert.True(succeeded <= (_changed.Contains(int.Parse(request.Key[1..], CultureInfo.InvariantCulture)) ? 2 : 1), $"{request.Key} has {succeeded} finished runs");
            var ordered = request.OrderBy(life => life.Started).ToList();
            Assert.All(ordered.Zip(ordered.Skip(1)), pair => Assert.True(pair.First.Ended <= pair.Second.Started, $"{pair.First} and {pair.Second} ran at one time"));
        }
    }

    private Task<PlatformProcess> Start() => PlatformProcess.Start(_folder.Data, "kratix.reconcile.on-start=verify");

    // A point of time is what this test is about; nothing is waited for here.
    private static async Task Moment(Random random, TimeSpan atMost)
    {
        var come = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = TimeProvider.System.CreateTimer(_ => come.TrySetResult(), null, atMost * random.NextDouble(), Timeout.InfiniteTimeSpan);
        await come.Task;
    }

    [GeneratedRegex("request=survivor/default/(r[0-9]+) ")]
    private static partial Regex RequestOfTrailer();

    [GeneratedRegex("^kratix-survivor-(r[0-9]+)-")]
    private static partial Regex RequestOfPod();
}
