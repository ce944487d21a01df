using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>What must be true when the world is calm again.</summary>
internal static class Invariants
{
    private const string TestDocument = "kratix-canary-configmap.yaml";

    /// <summary>All that is there only because a Promise is, or its requests are.</summary>
    private static readonly ResourceType[] OfPromises =
    [
        Simulation.Redis, Kinds.Promise, Kinds.Crd, Kinds.Work, Kinds.WorkPlacement, Kinds.PromiseRevision, Kinds.ServiceAccount, Kinds.Role, Kinds.RoleBinding,
        Kinds.ClusterRole, Kinds.ClusterRoleBinding,
    ];

    private static readonly Regex TestDocumentsOf = new("^destination/(one|two|three)$");

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
        WhatIsNotOursIsAsItWas(simulation);
        FinalizersAreThoseOfTheLiving(simulation);
        Assert.Equal(
            PlacementsOf<ResourceState>(simulation, Shapes.Resource, state => state.Works).Concat(PlacementsOf<PromiseState>(simulation, Shapes.Promise, state => state.Works)).Order(),
            simulation.All(Kinds.WorkPlacement).Select(item => item["metadata"]!["name"]!.ToString()).Order());
    }

    private static IEnumerable<string> PlacementsOf<TState>(Simulation simulation, string type, Func<TState, Works> works) =>
        Listed(simulation.Journal.Rows(type, default)).SelectMany(row => works(Codec.Read<TState>(row.State.Span)).Placements).Select(placement => placement.Name);

    private static void WhatIsNotOursIsAsItWas(Simulation simulation) => Assert.Equal(
        simulation.Foreign.Select(f => (f.Key, f.Value)),
        simulation.Git.Files.Where(f => !f.Key.Contains("/resources/", StringComparison.Ordinal) && !f.Key.Contains("/dependencies/", StringComparison.Ordinal))
            .Select(f => (f.Key, Convert.ToHexString(f.Value))));

    /// <summary>Whatever lives cannot go without us, if there is something of ours to take away with it.</summary>
    private static void FinalizersAreThoseOfTheLiving(Simulation simulation)
    {
        Assert.All(simulation.All(Simulation.Redis), item => Assert.Equal(ResourceFinalizers.All.Order(), Finalizers(item).Order()));
        Assert.All(simulation.All(Kinds.Promise), item => Assert.Equal(PromiseFinalizers.Of(hasApi: true, hasDeletePipelines: false).Order(), Finalizers(item).Order()));
        Assert.All(simulation.All(Kinds.Destination), item => Assert.Equal(item["spec"]!["cleanup"]!.ToString() == "all" ? Marks.DestinationFinalizers : [], Finalizers(item)));

        static IEnumerable<string> Finalizers(JsonObject item) => (item["metadata"]!["finalizers"] as JsonArray ?? []).Select(f => f!.ToString());
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

    /// <summary>There is never a free slot, because the others want something new before they have had what they wanted: a request has its turn all the same.</summary>
    internal static void NobodyIsHeldUpByWhoAsksAllTheTime(Simulation simulation)
    {
        simulation.Set(Simulation.Redis, "default", Samples.Request("new", 1));
        for (var round = 0; round < 12; round++)
        {
            for (var i = 0; i < Simulation.Names; i++)
                simulation.Set(Simulation.Redis, "default", Samples.Request($"r{i}", 1000 + round));
            simulation.Settle(TimeSpan.FromSeconds(5));
        }

        Assert.True(State(simulation, "new").Phase is ResourcePhase.Settled, $"a request is {State(simulation, "new").Phase} after a minute in which others asked for something all the time");
        simulation.Settle(TimeSpan.FromMinutes(5));
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
        Assert.All(OfPromises, type => Assert.Empty(simulation.All(type).Select(i => $"{type.Kind} {i["metadata"]!["name"]}")));
        Assert.Empty(simulation.Runner.Runs.Select(run => $"{run.PodName} is {run.Phase}"));
        Assert.DoesNotContain(simulation.Git.Files.Keys, f => !simulation.Foreign.ContainsKey(f) && !f.Contains("/kratix-canary-", StringComparison.Ordinal));
        FoldedEventsAreTheRows(simulation);
    }

    internal static void FoldedEventsAreTheRows(Simulation simulation)
    {
        var asked = new HashSet<(string Request, string Stamp)>();
        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Resource, default)))
        {
            var folded = Events(simulation, row).Select(e => Codec.Read<ResourceEvent>(e.Payload.Span)).Aggregate(
                ResourceState.Empty(ResourceId.Parse(row.Entity.Id)), (state, e) =>
                {
                    AnswersWhatWasAsked(row, state.ActiveRun?.RunId, state.Works, e);
                    return Asked(row, asked, ResourceEvolution.Evolve(state, e), after => after.Works);
                });
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Promise, default)))
        {
            var folded = Events(simulation, row).Select(e => Codec.Read<PromiseEvent>(e.Payload.Span)).Aggregate(
                PromiseState.Empty(row.Entity.Id), (state, e) =>
                {
                    AnswersWhatWasAsked(row, state.ActiveRun?.RunId, state.Works, e);
                    return Asked(row, asked, PromiseEvolution.Evolve(state, e), after => after.Works);
                });
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        // Each process takes all shards, with one epoch for all: after the first event of a new owner there is none of an earlier one.
        var epochs = Listed(simulation.Journal.Events(null, 0, default)).Select(e => e.Epoch).ToList();
        Assert.Equal(epochs.Order(), epochs);
        Assert.Empty(simulation.Journal.VerifyChain(null, default).GetAwaiter().GetResult().Faults);
        EveryCommitIsAttributed(simulation, asked);
    }

    /// <summary>Each names for whom it was made, and what it wrote was at some time owed to the store for that one, by what is stored.</summary>
    private static void EveryCommitIsAttributed(Simulation simulation, HashSet<(string Request, string Stamp)> asked) => Assert.All(
        simulation.Git.Commits.SelectMany(commit => commit), intent => Assert.True(
            asked.Contains((intent.Request, intent.RunId)) || TestDocumentsOf.IsMatch(intent.Request), $"a commit was made for '{intent.Request}', which never asked for {intent.Id} of stamp {intent.RunId}"));

    private static TState Asked<TState>(EntityRow row, HashSet<(string Request, string Stamp)> asked, TState state, Func<TState, Works> works)
    {
        asked.UnionWith(PlacementWrites.Owed(works(state)).Select(w => (row.Entity.Id, w.Stamp)));
        return state;
    }

    private static string? RunOf(object e) => e switch
    {
        ResourceEvent.RunSucceeded r => r.RunId,
        ResourceEvent.RunFailed r => r.RunId,
        ResourceEvent.RunSuspended r => r.RunId,
        ResourceEvent.RunSuperseded r => r.RunId,
        PromiseEvent.RunSucceeded r => r.RunId,
        PromiseEvent.RunFailed r => r.RunId,
        PromiseEvent.RunSuspended r => r.RunId,
        PromiseEvent.RunSuperseded r => r.RunId,
        _ => null,
    };

    /// <summary>What is recorded as the end of a run ended the run under way, and what is recorded as written was owed.</summary>
    private static void AnswersWhatWasAsked(EntityRow row, string? underWay, Works works, object e)
    {
        var run = RunOf(e);
        Assert.True(run is null || run == underWay, $"run {run} of {row.Entity} ended while {underWay} was under way");
        (string Placement, string Stamp)? written = e switch
        {
            ResourceEvent.PlacementWritten w => (w.Placement, w.Stamp),
            PromiseEvent.PlacementWritten w => (w.Placement, w.Stamp),
            _ => null,
        };
        if (written is { } answered)
            Assert.Contains(PlacementWrites.Owed(works), w => (w.Placement, w.Stamp) == answered);
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
