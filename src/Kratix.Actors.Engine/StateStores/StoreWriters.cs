using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>The writers of <see cref="StateStoresActor"/>, its children: one for each repository and branch, or bucket, however it is spelt; made when it is first asked for.</summary>
internal sealed class StoreWriters(World world, EngineSettings settings, IActorContext<StateStoresMessage> context)
{
    private readonly Dictionary<string, IActorRef<GitWriterMessage>> _writers = new(StringComparer.Ordinal);
    private readonly PushBudgets _budgets = new(world.StateStores, settings.PushesPerMinute, world.Time);

    internal IActorRef<GitWriterMessage> Of(StateStoreAddress address)
    {
        var key = KeyOf(address);
        if (!_writers.TryGetValue(key, out var writer))
        {
            var self = context.Self;
            writer = _writers[key] = context.Spawn(
                new Props<GitWriterMessage>(() => new GitWriterActor(world.StateStores, address, settings, _budgets, () => self.Tell(new StateStoresMessage.Trouble(key)))),
                "git-" + Core.Digest.Of(key)[..16]);
        }

        return writer;
    }

    /// <summary>Tells every writer but that of <paramref name="now"/> that the store is not its own any more.</summary>
    /// <param name="now">Where the store is now, or null: it is gone.</param>
    /// <param name="answer">To whatever still waits there.</param>
    internal void Leave(string store, StateStoreAddress? now, WriteAnswer.Failed answer)
    {
        var stays = now is null ? null : KeyOf(now);
        foreach (var (key, writer) in _writers)
        {
            if (key != stays)
                writer.Tell(new GitWriterMessage.StoreLeft(store, answer));
        }
    }

    internal string KeyOf(StateStoreAddress address) => world.StateStores.KeyOf(address) is Outcome<string>.Done done ? done.Value
        : throw new InvalidOperationException("the address of a checked store has a key");
}
