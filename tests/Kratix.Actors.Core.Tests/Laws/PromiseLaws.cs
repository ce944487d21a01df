using Kratix.Actors.Core.Promises;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>What holds of every life of a Promise. A failure prints its seed and the whole story; <c>LAW_SEED</c> replays one seed.</summary>
public sealed class PromiseLaws
{
    [Fact]
    [Conformance("R104", "Deleting a Promise removes its files, after its requests and before its API.")]
    public void Every_life_ends_as_its_author_wants_it()
    {
        foreach (var seed in Seeds.Upto(100))
            AssertEnd(new PromiseWorld(seed).Live());
    }

    [Fact]
    [Conformance("R126", "A crash between any two steps converges to the same end.")]
    public void A_crash_after_any_event_changes_no_end()
    {
        foreach (var seed in Seeds.Upto(5))
        {
            var calm = new PromiseWorld(seed).Live(disturbed: false);
            AssertEnd(calm);
            for (var prefix = 1; prefix <= calm.Journal.Count; prefix++)
            {
                var crashed = new PromiseWorld(seed) { CrashAt = prefix }.Live(disturbed: false);
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
            var once = new PromiseWorld(seed).Live(disturbed: false);
            var twice = new PromiseWorld(seed) { EverythingTwice = true }.Live(disturbed: false);
            AssertEnd(twice);
            twice.Assume(twice.End() == once.End(), $"the end is as with every answer once\n{once.End()}\n{twice.End()}");
        }
    }

    private static void AssertEnd(PromiseWorld world)
    {
        var gone = world.Object is null;
        world.Assume(gone ? world.State.Phase is PromisePhase.Gone : world.State.Phase is PromisePhase.Available, $"it is available or gone, not {world.State.Phase}");
        if (gone)
            world.Assume(world.Crd is null, "nothing of its API is left");
        else if (PromiseWorld.DefinitionOf(world.Object!.SpecDigest)!.Api is { } api)
            world.Assume(world.Crd == api.Digest, $"its API is installed, not {world.Crd}");
        var wanted = world.WantedStore().OrderBy(f => f.Key, StringComparer.Ordinal);
        var has = world.Store.OrderBy(f => f.Key, StringComparer.Ordinal);
        world.Assume(Json.Text(wanted) == Json.Text(has), $"the store holds what is wanted, byte for byte\nwanted {Json.Text(wanted)}\nhas    {Json.Text(has)}");
    }
}
