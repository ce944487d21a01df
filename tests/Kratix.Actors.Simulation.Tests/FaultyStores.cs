using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>Stores that are away at times, refuse at times, and at times have pushed and cannot say so. Where they do not push they say that they have.</summary>
internal sealed class FaultyStores(IStateStores stores, Chaos chaos, Line line, bool pushes) : IStateStores
{
    public Outcome<string> KeyOf(StateStoreAddress address) => stores.KeyOf(address);

    public Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null) =>
        stores.Open(address, () => MayPush(beforePush!)).Select<IStateStore>(s => new FaultyStore(s, chaos, pushes));

    /// <summary>The store pushes in the step that follows the answer.</summary>
    private async Task<Outcome<Nothing>> MayPush(Func<Task<Outcome<Nothing>>> beforePush)
    {
        var may = await beforePush();
        if (may is Outcome<Nothing>.Done)
            line.SendAtOnce();
        return may;
    }
}

internal sealed class FaultyStore(IStateStore store, Chaos chaos, bool pushes) : IStateStore
{
    /// <summary>The intent that a hook of the other side does not let in, with whatever comes beside it.</summary>
    private string? _unwanted;

    public Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => chaos.Write(
        6, () => pushes ? Push(intents, cancellation) : Task.FromResult<Outcome<BatchResult>>(new Outcome<BatchResult>.Done(Claim(intents))));

    public Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => chaos.Look(10, () => store.Differing(intents, cancellation));

    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) => chaos.Look(10, () => store.CheckAccess(cancellation));

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async Task<Outcome<BatchResult>> Push(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        if (Declines(intents))
            return new Outcome<BatchResult>.Terminal(Refusal.Declined, "simulated: pre-receive hook declined");
        if (!chaos.Happens(Fault.StoreRefusal, 15))
            return await store.Write(intents, cancellation);
        var bad = intents[chaos.Next(intents.Count)].Id;
        return (await store.Write([.. intents.Where(i => i.Id != bad)], cancellation)).Select(
            done => done with { Results = done.Results.Add(bad, new IntentResult.Refused("simulated: somebody else's file is in the way")) });
    }

    /// <summary>Until it has come alone, once or several times, or all is calm.</summary>
    private bool Declines(IReadOnlyList<WriteIntent> intents)
    {
        if (_unwanted is null && chaos.Happens(Fault.StoreDeclined, 15))
            _unwanted = intents[chaos.Next(intents.Count)].Id;
        if (chaos.Calm || intents.All(i => i.Id != _unwanted))
            return false;
        if (intents.Count == 1 && chaos.Next(2) == 0)
            _unwanted = null;
        return true;
    }

    private static BatchResult Claim(IReadOnlyList<WriteIntent> intents) => new(
        "lost", 1, ImmutableDictionary.CreateRange(intents.Select(i => KeyValuePair.Create(i.Id, (IntentResult)new IntentResult.Written("lost", true)))));
}

internal static class Faulty
{
    /// <summary>A stream whose signals come late or twice, and which at times loses its place and lists anew, or breaks.</summary>
    internal static async IAsyncEnumerable<T> Stream<T>(Chaos chaos, Func<IAsyncEnumerable<T>> open, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await foreach (var signal in open())
            {
                await chaos.Pause();
                yield return signal;
                if (chaos.Happens(Fault.DuplicatedSignal, 15))
                    yield return signal;
                if (chaos.Happens(Fault.WatchBroken, 100))
                    throw new IOException("simulated: the stream broke");
                if (chaos.Happens(Fault.WatchGap, 25))
                    break;
            }

            await chaos.Pause();
        }
    }
}
