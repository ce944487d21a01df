using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>The writers of <see cref="StateStoresActor"/>, its children: one for each repository and branch, or bucket, however it is spelt; and which of them each store has.</summary>
internal sealed class StoreWriters(World world, EngineSettings settings, IActorContext<StateStoresMessage> context)
{
    private readonly Dictionary<string, IActorRef<GitWriterMessage>> _writers = new(StringComparer.Ordinal);

    /// <summary>By KIND/NAME, from the first address that could be used until the store is gone.</summary>
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly PushBudgets _budgets = new(world.StateStores, settings.PushesPerMinute, world.Time);

    /// <summary>Of a store that has an address.</summary>
    internal IActorRef<GitWriterMessage> Of(string store) => _writers[_keys[store]];

    internal bool IsAt(string store, string key) => _keys.GetValueOrDefault(store) == key;

    /// <summary>The store is at this address now.</summary>
    /// <param name="elsewhere">To whatever still waits for it at another writer.</param>
    internal void Enter(string store, StateStoreAddress address, WriteAnswer.Failed elsewhere)
    {
        var key = world.StateStores.KeyOf(address) is Outcome<string>.Done done ? done.Value : throw new InvalidOperationException("the address of a checked store has a key");
        if (!IsAt(store, key))
            Leave(store, elsewhere);
        _keys[store] = key;
        if (!_writers.TryGetValue(key, out var writer))
        {
            var self = context.Self;
            writer = _writers[key] = context.Spawn(
                new Props<GitWriterMessage>(() => new GitWriterActor(world.StateStores, address, settings, _budgets, () => self.Tell(new StateStoresMessage.Trouble(key)))),
                "git-" + Core.Digest.Of(key)[..16]);
        }

        writer.Tell(new GitWriterMessage.Reopen(address));
    }

    /// <summary>Nothing more is written for the store where it was.</summary>
    /// <param name="answer">To whatever still waits there.</param>
    internal void Leave(string store, WriteAnswer.Failed answer)
    {
        if (_keys.Remove(store, out var former))
            _writers[former].Tell(new GitWriterMessage.StoreLeft(store, answer));
    }
}
