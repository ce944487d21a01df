using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine;

/// <summary>Carries a watch into an actor's mailbox, and keeps a table by it.</summary>
internal static class WatchLoop
{
    /// <summary>Runs until the token; an exception, which the port should never throw, is told as <paramref name="broken"/>.</summary>
    internal static void Start(
        IResourceWatch watch, ResourceType type, string? labelSelector, Action<WatchSignal> tell, Action<Exception> broken, CancellationToken stop) => _ = Task.Run(
        async () =>
        {
            try
            {
                await foreach (var signal in watch.Watch(type, null, labelSelector, stop))
                    tell(signal);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Stopped by its owner.
            }
            catch (Exception cause)
            {
                broken(cause);
            }
        },
        CancellationToken.None);

    /// <summary>Brings the table, by object name, up to the signal; <paramref name="changed"/> is told of each new or changed item.</summary>
    internal static void Apply(Dictionary<string, JsonObject> table, WatchSignal signal, Action<JsonObject> changed)
    {
        switch (signal)
        {
            case WatchSignal.Listed listed:
                table.Clear();
                foreach (var item in listed.Items)
                    table[item.Name()] = item;
                foreach (var item in listed.Items)
                    changed(item);
                break;
            case WatchSignal.Changed { Item: var item }:
                table[item.Name()] = item;
                changed(item);
                break;
            case WatchSignal.Removed { Item: var item }:
                table.Remove(item.Name());
                break;
            case WatchSignal.Interrupted:
                break;
            default:
                throw new InvalidOperationException($"unknown signal {signal.GetType()}");
        }
    }
}
