using System.Text;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>What must be true when the world is calm again.</summary>
internal static class Invariants
{
    private const string TestDocument = "kratix-canary-configmap.yaml";

    /// <summary>Every wish is settled, and journal, API server and stores say the same.</summary>
    internal static void EveryWishIsSettled(Simulation simulation)
    {
        FoldedEventsAreTheRows(simulation);
        var expected = new List<(string Name, string Text)>();
        foreach (var item in simulation.All(Simulation.Redis))
        {
            var name = item["metadata"]!["name"]!.ToString();
            Assert.True(item["metadata"]!["deletionTimestamp"] is null, $"{name} is deleted and still there");
            var state = State(simulation, name);
            Assert.True(state.Phase is ResourcePhase.Settled, $"{name} is {state.Phase}");
            Assert.Equal(item["metadata"]!["generation"]!.GetValue<long>(), state.ObservedGeneration);
            Assert.Equal(ResourceStatus.Of(state)["observedGeneration"]!.ToString(), item["status"]!["observedGeneration"]!.ToString());
            Assert.Equal("Reconciled", item["status"]!["conditions"]!.AsArray().Single(c => c!["type"]!.ToString() == "Reconciled")!["message"]!.ToString());
            expected.Add((name, Samples.FileOf(item["spec"]!["size"]!.ToString(), Samples.ImageOf(simulation.Image))));
        }

        var written = simulation.Git.Files.Where(f => f.Key.Contains("/resources/", StringComparison.Ordinal) && !f.Key.EndsWith(TestDocument, StringComparison.Ordinal))
            .Select(f => (f.Key.Split('/')[4], Encoding.UTF8.GetString(f.Value))).Order().ToList();
        Assert.Equal(expected.Order().ToList(), written);
        if (simulation.All(Kinds.Promise) is [{ } promise] && promise["metadata"]!["deletionTimestamp"] is null)
            DependenciesAreEverywhere(simulation);
        var destinations = simulation.All(Kinds.Destination);
        Assert.DoesNotContain(destinations, d => d["metadata"]!["deletionTimestamp"] is not null);
        Assert.All(destinations, d => Assert.Contains($"{d["metadata"]!["name"]}/resources/{TestDocument}", simulation.Git.Files.Keys));
        Assert.All(simulation.Git.Files.Keys.Where(f => f.Contains("/resources/", StringComparison.Ordinal) || f.Contains("/dependencies/", StringComparison.Ordinal)), f => Assert.Contains(destinations, d => f.StartsWith($"{d["metadata"]!["name"]}/", StringComparison.Ordinal)));
        Assert.DoesNotContain(simulation.All(Kinds.Promise), p => p["metadata"]!["deletionTimestamp"] is not null);
        Assert.Equal("foreign", Encoding.UTF8.GetString(simulation.Git.Files["README.md"]));
        Assert.All(simulation.Git.Commits, commit => Assert.All(commit, intent => Assert.Matches("^(redis(/default/(r[0-9]|new))?|destination/(one|two|three))$", intent.Request)));
    }

    /// <summary>At each Destination that is selected; one that was and is no longer keeps what it has, as it is now.</summary>
    private static void DependenciesAreEverywhere(Simulation simulation)
    {
        var expected = new[] { $"kind: Operator{simulation.Image}\n", Samples.FileOf(null, Samples.ImageOf(simulation.Image)) }.Order().ToList();
        foreach (var destination in simulation.All(Kinds.Destination))
        {
            var path = $"{destination["metadata"]!["name"]}/dependencies/redis/";
            var files = simulation.Git.Files.Where(f => f.Key.StartsWith(path, StringComparison.Ordinal)).Select(f => Encoding.UTF8.GetString(f.Value)).Order().ToList();
            if (files.Count > 0 || Samples.IsSelected(destination))
                Assert.Equal(expected, files);
        }
    }

    internal static void AtRestNothingHappens(Simulation simulation)
    {
        var (events, writes, commits) = (Count(simulation), simulation.Kubernetes.Writes, simulation.Git.Commits.Count);
        simulation.Settle(TimeSpan.FromMinutes(15));
        Assert.Equal((events, writes, commits), (Count(simulation), simulation.Kubernetes.Writes, simulation.Git.Commits.Count));
    }

    /// <summary>
    /// The interval passes for everything. In the middle of it a user asks for something new, which is there within a minute; and whoever ran again
    /// made what was there already, so nothing is committed but the new.
    /// </summary>
    internal static void RegularRunsAreMadeAndHoldUpNobody(Simulation simulation)
    {
        var runs = simulation.All(Simulation.Redis).Select(r => r["metadata"]!["name"]!.ToString()).ToDictionary(name => name, name => State(simulation, name).Workflow.Run);
        var commits = simulation.Git.Commits.Count;
        simulation.Settle(TimeSpan.FromMinutes(80));
        simulation.Set(Simulation.Redis, "default", Samples.Request("new", 1));
        simulation.Settle(TimeSpan.FromMinutes(1));
        Assert.True(State(simulation, "new").Phase is ResourcePhase.Settled, $"the new request is {State(simulation, "new").Phase} after a minute");
        simulation.Settle(TimeSpan.FromMinutes(60));
        Assert.All(runs, before => Assert.True(State(simulation, before.Key).Workflow.Run > before.Value, $"{before.Key} was not run again after the interval"));
        Assert.Equal(commits + 1, simulation.Git.Commits.Count);
        EveryWishIsSettled(simulation);
    }

    /// <summary>How things stand: each object's phase, the last of its events, and the Pods.</summary>
    internal static IEnumerable<string> Standing(Simulation simulation) =>
    [
        .. new[] { Shapes.Promise, Shapes.Resource }.SelectMany(type => Listed(simulation.Journal.Rows(type, default))).Select(
            row => $"{row.Entity} is {row.Index.Phase} after {string.Join(", ", Events(simulation, row).TakeLast(4).Select(e => $"{e.Type} ({e.Cause}) of epoch {e.Epoch}"))}"),
        .. simulation.All(Kinds.Promise).Concat(simulation.All(Simulation.Redis)).Select(item => $"{item["metadata"]!.ToJsonString()} {item["status"]?["message"]}"),
        .. simulation.Runner.Runs.Select(run => $"Pod {run.PodName} of run {run.RunId} is {run.Phase}"),
    ];

    /// <summary>The whole history, in short.</summary>
    internal static IEnumerable<string> Hashes(Simulation simulation) => Listed(simulation.Journal.Events(null, 0, default)).Select(e => e.Hash);

    private static int Count(Simulation simulation) => Listed(simulation.Journal.Events(null, 0, default)).Count;

    internal static void NothingIsLeft(Simulation simulation)
    {
        Assert.Empty(simulation.All(Simulation.Redis).Select(i => i["metadata"]!["name"]!.ToString()));
        Assert.Empty(simulation.All(Kinds.Crd));
        Assert.Empty(simulation.All(Kinds.Promise));
        Assert.DoesNotContain(simulation.Git.Files.Keys, f => f != "README.md" && !f.Contains("/kratix-canary-", StringComparison.Ordinal) && !f.StartsWith("foreign/", StringComparison.Ordinal));
        FoldedEventsAreTheRows(simulation);
    }

    internal static void FoldedEventsAreTheRows(Simulation simulation)
    {
        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Resource, default)))
        {
            var folded = Events(simulation, row).Select(e => Codec.Read<ResourceEvent>(e.Payload.Span)).Aggregate(
                ResourceState.Empty(ResourceId.Parse(row.Entity.Id)), (state, e) =>
                {
                    AnswersWhatWasAsked(state, e);
                    return ResourceEvolution.Evolve(state, e);
                });
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Promise, default)))
        {
            var folded = Events(simulation, row).Aggregate(
                PromiseState.Empty(row.Entity.Id), (state, e) => PromiseEvolution.Evolve(state, Codec.Read<PromiseEvent>(e.Payload.Span)));
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        // Each process takes all shards, with one epoch for all: after the first event of a new owner there is none of an earlier one.
        var epochs = Listed(simulation.Journal.Events(null, 0, default)).Select(e => e.Epoch).ToList();
        Assert.Equal(epochs.Order(), epochs);
        Assert.Empty(simulation.Journal.VerifyChain(null, default).GetAwaiter().GetResult().Faults);
    }

    /// <summary>What is recorded as the end of a run ended the run under way, and what is recorded as written was owed.</summary>
    private static void AnswersWhatWasAsked(ResourceState state, ResourceEvent e)
    {
        var run = e switch
        {
            ResourceEvent.RunSucceeded r => r.RunId,
            ResourceEvent.RunFailed r => r.RunId,
            ResourceEvent.RunSuspended r => r.RunId,
            ResourceEvent.RunSuperseded r => r.RunId,
            _ => null,
        };
        Assert.True(run is null || run == state.ActiveRun?.RunId, $"run {run} of {state.Id} ended while {state.ActiveRun?.RunId} was under way");
        if (e is ResourceEvent.PlacementWritten written)
            Assert.Contains(PlacementWrites.Owed(state.Works), w => (w.Placement, w.Stamp) == (written.Placement, written.Stamp));
    }

    private static List<JournalEvent> Events(Simulation simulation, EntityRow row) => Listed(simulation.Journal.Events(row.Entity, 0, default));

    internal static ResourceState State(Simulation simulation, string name)
    {
        var row = simulation.Journal.Read(new EntityKey(Shapes.Resource, $"redis/default/{name}"), default).GetAwaiter().GetResult();
        return Codec.Read<ResourceState>((row ?? throw new InvalidOperationException($"{name} was never seen")).State.Span);
    }

    private static List<T> Listed<T>(IAsyncEnumerable<T> all)
    {
        var list = new List<T>();
        var enumerator = all.GetAsyncEnumerator();
        while (enumerator.MoveNextAsync().AsTask().GetAwaiter().GetResult())
            list.Add(enumerator.Current);
        return list;
    }
}
