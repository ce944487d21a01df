using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>The Secret that a state store names.</summary>
internal readonly record struct SecretName(string Namespace, string Name);

/// <summary>
/// A watch for each Secret that a state store names, and for no other: the engine needs no right to see all Secrets of a cluster. What is told is a version,
/// "" where there is no such Secret; whoever wants the data reads it, so that no message holds any. And it is told why a Secret may not be watched, each time that is found out.
/// </summary>
internal sealed class SecretWatches(World world, Action<SecretName, string> seen, Action<SecretName, string> refused) : IDisposable
{
    private readonly Dictionary<SecretName, CancellationTokenSource> _watches = [];

    /// <summary>Watches these, and no longer those that are not among them.</summary>
    internal void Follow(IReadOnlySet<SecretName> named)
    {
        foreach (var secret in _watches.Keys.Where(s => !named.Contains(s)).ToList())
        {
            _watches.Remove(secret, out var unnamed);
            End(unnamed!);
        }

        foreach (var secret in named.Where(s => !_watches.ContainsKey(s)))
        {
            var stop = _watches[secret] = new CancellationTokenSource();
            WatchLoop.Start(
                world, $"watch of Secret {secret.Namespace}/{secret.Name}", () => world.Watch.WatchOne(Kinds.Secret, secret.Namespace, secret.Name, stop.Token), s => Tell(secret, s), stop.Token);
        }
    }

    public void Dispose()
    {
        foreach (var watch in _watches.Values)
            End(watch);
        _watches.Clear();
    }

    private void Tell(SecretName secret, WatchSignal signal)
    {
        if (signal is WatchSignal.Interrupted { Refused: true, Reason: var reason })
            refused(secret, reason);
        var version = signal switch
        {
            WatchSignal.Listed { Items: [var item, ..] } => item.ResourceVersion(),
            WatchSignal.Listed => "",
            WatchSignal.Changed { Item: var changed } => changed.ResourceVersion(),
            WatchSignal.Removed => "",
            _ => null,
        };
        if (version is not null)
            seen(secret, version);
    }

    private static void End(CancellationTokenSource watch)
    {
        watch.Cancel();
        watch.Dispose();
    }
}
