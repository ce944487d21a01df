using Kratix.Actors.Core.Resources;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>What holds of every life of a request. A failure prints its seed and the whole story; <c>LAW_SEED</c> replays one seed.</summary>
public sealed class ResourceLaws
{
    [Fact]
    [Conformance("K19", "At most one run of an object is active, whatever crashes.")]
    [Conformance("K23", "The deletion of a request is finished when its files are gone from the store, acknowledged.")]
    [Conformance("R104", "Deleting a request removes its files.")]
    public void Every_life_ends_as_its_user_wants_it()
    {
        foreach (var seed in Seeds.Upto(100))
            AssertEnd(new ResourceWorld(seed).Live());
    }

    [Fact]
    [Conformance("R126", "A crash between any two steps converges to the same end.")]
    public void A_crash_after_any_event_changes_no_end()
    {
        foreach (var seed in Seeds.Upto(6))
        {
            var calm = new ResourceWorld(seed).Live(disturbed: false);
            AssertEnd(calm);
            for (var prefix = 1; prefix <= calm.Journal.Count; prefix++)
            {
                var crashed = new ResourceWorld(seed) { CrashAt = prefix }.Live(disturbed: false);
                AssertEnd(crashed);
                crashed.Assume(crashed.End() == calm.End(), $"the end is as without the crash\n{calm.End()}\n{crashed.End()}");
            }
        }
    }

    [Fact]
    public void Every_answer_twice_changes_no_end()
    {
        foreach (var seed in Seeds.Upto(20))
        {
            var once = new ResourceWorld(seed).Live(disturbed: false);
            var twice = new ResourceWorld(seed) { EverythingTwice = true }.Live(disturbed: false);
            AssertEnd(twice);
            twice.Assume(twice.End() == once.End(), $"the end is as with every answer once\n{once.End()}\n{twice.End()}");
        }
    }

    private static void AssertEnd(ResourceWorld world)
    {
        var gone = world.Object is null;
        world.Assume(gone ? world.State.Phase is ResourcePhase.Gone : world.State.Phase is ResourcePhase.Settled, $"it is settled or gone, not {world.State.Phase}");
        var wanted = world.WantedStore().OrderBy(f => f.Key, StringComparer.Ordinal);
        var has = world.Store.OrderBy(f => f.Key, StringComparer.Ordinal);
        world.Assume(Json.Text(wanted) == Json.Text(has), $"the store holds what is wanted, byte for byte\nwanted {Json.Text(wanted)}\nhas    {Json.Text(has)}");
    }
}
