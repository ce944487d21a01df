using System.Diagnostics;
using Kratix.Actors.Engine;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>All seeds, played once for all tests of this class.</summary>
public sealed class PlayedSeeds
{
    internal const int Rounds = 400;

    public PlayedSeeds()
    {
        try
        {
            Seeds.Play("SIMULATION_SEED", Seeds.All(), Play);
        }
        catch (AggregateException failures)
        {
            Failures = failures;
        }
    }

    internal FaultCounts Faults { get; } = new();

    internal AggregateException? Failures { get; }

    private void Play(ulong seed)
    {
        var simulation = new Simulation(seed, Faults);
        try
        {
            simulation.Play(Rounds);
            Invariants.EveryWishIsSettled(simulation);
            Invariants.AtRestNothingHappens(simulation);
            if (seed % 8 == 0)
                Invariants.RegularRunsAreMadeAndHoldUpNobody(simulation);
            if (seed % 8 == 4)
                Invariants.NobodyIsHeldUpByWhoAsksAllTheTime(simulation);
            simulation.Delete(Kinds.Promise, null, "redis");
            simulation.Settle(TimeSpan.FromMinutes(15));
            Invariants.NothingIsLeft(simulation);
        }
        catch (Exception cause)
        {
            throw new InvalidOperationException($"{cause.Message}\n{string.Join('\n', simulation.Story.Concat(Invariants.Standing(simulation)))}", cause);
        }
    }
}

public sealed class EngineSimulationTests(PlayedSeeds played) : IClassFixture<PlayedSeeds>
{
    [Fact]
    [Conformance("K19", "Whatever crashes, fails or comes late: at most one run of an object is active, and in the end every wish is fulfilled.")]
    [Conformance("K29", "Folding the events of an object gives its stored state exactly, after every crash.")]
    [Conformance("K18", "Whoever asks all the time holds up nobody: a new request has its turn, though there is never a free slot.")]
    [Conformance("K18", "Work that is repeated after the interval is done, and a new request does not wait for it.")]
    public void Every_wish_is_settled_in_the_end_whatever_fails_on_the_way() => Assert.True(played.Failures is null, played.Failures?.Message);

    [Fact]
    public void Every_kind_of_fault_was_played()
    {
        if (!Seeds.OnlyOne)
            Assert.All(Enum.GetValues<Fault>(), fault => Assert.True(played.Faults.Of(fault) > 0, $"{fault} never happened; {played.Faults}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Seed_that_is_played_again_plays_the_same_life_in_this_process_and_in_another(ulong seed)
    {
        var life = Program.LifeOf(seed);
        Assert.Equal(life, Program.LifeOf(seed));

        // Another process hashes texts otherwise: whatever goes through a set of them in the order of their hashes is found out.
        using var other = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(Program).Assembly.Location, $"{seed}"]) { RedirectStandardOutput = true })!;
        var told = other.StandardOutput.ReadToEnd();
        other.WaitForExit();
        Assert.Equal($"{life}\n", told);
    }

    [Theory]
    [InlineData(nameof(Broken.Adoption))]
    [InlineData(nameof(Broken.Pushes))]
    [InlineData(nameof(Broken.Epochs))]
    public void World_that_breaks_its_promise_is_noticed(string broken) => Assert.Contains(
        Enumerable.Range(1, 20), seed =>
        {
            try
            {
                var simulation = new Simulation((ulong)seed, broken: Enum.Parse<Broken>(broken));
                simulation.Play(PlayedSeeds.Rounds);
                Invariants.EveryWishIsSettled(simulation);
                return false;
            }
            catch (Exception e) when (e is InvalidOperationException or Xunit.Sdk.XunitException)
            {
                return true;
            }
        });
}
