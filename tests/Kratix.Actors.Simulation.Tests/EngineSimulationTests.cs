using System.Globalization;
using System.Text;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// <c>SIMULATION_SEEDS</c>: how many seeds are played (50 if it is not set). <c>SIMULATION_SEED</c>: only this one, as a failure names it.
/// </summary>
public sealed class EngineSimulationTests
{
    private const int Rounds = 400;

    [Fact]
    [Conformance("K19", "Whatever crashes, fails or comes late: at most one run of an object is active, and in the end every wish is fulfilled.")]
    [Conformance("K29", "Folding the events of an object gives its stored state exactly, after every crash.")]
    public void Every_wish_is_settled_in_the_end_whatever_fails_on_the_way()
    {
        foreach (var seed in Seeds())
        {
            var simulation = new Simulation(seed);
            try
            {
                simulation.Play(Rounds);
                Check(simulation);
                AtRestNothingHappens(simulation);
                simulation.Delete(Kinds.Promise, null, "redis");
                simulation.Settle(TimeSpan.FromMinutes(15));
                NothingIsLeft(simulation);
            }
            catch (Exception cause)
            {
                throw new InvalidOperationException(
                    $"Seed {seed} fails; repeat it with SIMULATION_SEED={seed}. {cause.Message}\n{string.Join('\n', simulation.Story)}", cause);
            }
        }
    }

    [Theory]
    [InlineData(nameof(Broken.Adoption))]
    [InlineData(nameof(Broken.Pushes))]
    public void World_that_breaks_its_promise_is_noticed(string broken) => Assert.Contains(
        Enumerable.Range(1, 10), seed =>
        {
            try
            {
                var simulation = new Simulation((ulong)seed, Enum.Parse<Broken>(broken));
                simulation.Play(Rounds);
                Check(simulation);
                return false;
            }
            catch (Exception e) when (e is InvalidOperationException or Xunit.Sdk.XunitException)
            {
                return true;
            }
        });

    private static IEnumerable<ulong> Seeds()
    {
        if (Environment.GetEnvironmentVariable("SIMULATION_SEED") is { Length: > 0 } one)
            return [ulong.Parse(one, CultureInfo.InvariantCulture)];
        var count = Environment.GetEnvironmentVariable("SIMULATION_SEEDS") is { Length: > 0 } many ? int.Parse(many, CultureInfo.InvariantCulture) : 50;
        return Enumerable.Range(1, count).Select(s => (ulong)s);
    }

    private static void Check(Simulation simulation)
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
            expected.Add((name, Simulation.FileOf(item["spec"]!["size"]!.ToString(), $"work:{simulation.Image}")));
        }

        var written = simulation.Git.Files.Where(f => f.Key.Contains("/resources/", StringComparison.Ordinal))
            .Select(f => (f.Key.Split('/')[4], Encoding.UTF8.GetString(f.Value))).Order().ToList();
        Assert.Equal(expected.Order().ToList(), written);
        foreach (var destination in simulation.All(Kinds.Destination).Select(d => d["metadata"]!["name"]!.ToString()))
        {
            var files = simulation.Git.Files.Where(f => f.Key.StartsWith($"{destination}/dependencies/redis/", StringComparison.Ordinal)).Select(f => Encoding.UTF8.GetString(f.Value)).Order();
            Assert.Equal(new[] { $"kind: Operator{simulation.Image}\n", Simulation.FileOf(null, $"work:{simulation.Image}") }.Order(), files);
        }

        Assert.Equal("foreign", Encoding.UTF8.GetString(simulation.Git.Files["README.md"]));
        Assert.All(simulation.Git.Commits, commit => Assert.All(commit, intent => Assert.Matches("^redis(/default/r[0-9])?$", intent.Request)));
    }

    private static void AtRestNothingHappens(Simulation simulation)
    {
        var (events, writes, commits) = (Count(simulation), simulation.Kubernetes.Writes, simulation.Git.Commits.Count);
        simulation.Settle(TimeSpan.FromMinutes(20));
        Assert.Equal((events, writes, commits), (Count(simulation), simulation.Kubernetes.Writes, simulation.Git.Commits.Count));
    }

    private static int Count(Simulation simulation) => Listed(simulation.Journal.Events(null, 0, default)).Count;

    private static void NothingIsLeft(Simulation simulation)
    {
        Assert.Empty(simulation.All(Simulation.Redis).Select(i => i["metadata"]!["name"]!.ToString()));
        Assert.Empty(simulation.All(Kinds.Crd));
        Assert.Empty(simulation.All(Kinds.Promise));
        Assert.DoesNotContain(simulation.Git.Files.Keys, f => f != "README.md" && !f.StartsWith("foreign/", StringComparison.Ordinal));
        FoldedEventsAreTheRows(simulation);
    }

    private static void FoldedEventsAreTheRows(Simulation simulation)
    {
        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Resource, default)))
        {
            var folded = Events(simulation, row).Aggregate(
                ResourceState.Empty(ResourceId.Parse(row.Entity.Id)), (state, e) => ResourceEvolution.Evolve(state, Codec.Read<ResourceEvent>(e.Payload.Span)));
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        foreach (var row in Listed(simulation.Journal.Rows(Shapes.Promise, default)))
        {
            var folded = Events(simulation, row).Aggregate(
                PromiseState.Empty(row.Entity.Id), (state, e) => PromiseEvolution.Evolve(state, Codec.Read<PromiseEvent>(e.Payload.Span)));
            Assert.Equal(Encoding.UTF8.GetString(row.State.Span), Encoding.UTF8.GetString(Codec.Write(folded)));
        }

        Assert.Empty(simulation.Journal.VerifyChain(null, default).GetAwaiter().GetResult().Faults);
    }

    private static List<JournalEvent> Events(Simulation simulation, EntityRow row) => Listed(simulation.Journal.Events(row.Entity, 0, default));

    private static ResourceState State(Simulation simulation, string name)
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
