using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// <c>INTERLEAVING_SEEDS</c>: how many times each pair is played at each moment (once if it is not set), each time interleaved otherwise.
/// <c>INTERLEAVING_SEED</c>: only this one, as a failure names it.
/// </summary>
public sealed class InterleavingTests
{
    [Fact]
    [Conformance("K19", "Whatever two things are asked at any moment of a run: no two runs overlap, the end is what was asked last, and nothing is left behind.")]
    public void Two_wishes_at_any_moment_of_a_run_end_as_the_last_asks()
    {
        var table = (
            from moment in Enum.GetValues<Moment>()
            from first in Enum.GetValues<Wish>()
            from second in Enum.GetValues<Wish>()
            where first != second
            select (Moment: moment, First: first, Second: second)).ToList();
        ulong[] seeds = Seeds.One("INTERLEAVING_SEED") is { } one ? [one] : [.. Enumerable.Range(0, Seeds.Many("INTERLEAVING_SEEDS", 1) * table.Count).Select(s => (ulong)s)];
        Seeds.Play("INTERLEAVING_SEED", seeds, seed =>
        {
            var row = table[(int)(seed % (ulong)table.Count)];
            var interleaving = new Interleaving(seed);
            try
            {
                interleaving.Play(row.Moment, row.First, row.Second);
            }
            catch (Exception cause)
            {
                throw new InvalidOperationException($"{row.First}, then {row.Second}, at {row.Moment}: {cause.Message}\n{string.Join('\n', interleaving.Story)}", cause);
            }
        });
    }
}
