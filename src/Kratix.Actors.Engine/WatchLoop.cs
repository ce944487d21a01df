using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine;

/// <summary>Carries a watch into an actor's mailbox, and keeps a table by it.</summary>
internal static partial class WatchLoop
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the token.</summary>
    internal static void Start(World world, ResourceType type, Action<WatchSignal> tell, CancellationToken stop) =>
        Start(world, $"watch of {type.Plural}", () => world.Watch.Watch(type, null, null, stop), tell, stop);

    /// <summary>
    /// Runs a stream until the token. A port's stream should never throw; when one does it is opened again, and begins with a listing: an actor that
    /// restarted for it would forget what others asked of it.
    /// </summary>
    internal static void Start<T>(World world, string what, Func<IAsyncEnumerable<T>> open, Action<T> tell, CancellationToken stop)
    {
        _ = Run();

        async Task Run()
        {
            var watch = world.Health.Watching(what);
            await using var ended = stop.Register(() => world.Health.Ended(watch));
            string? said = null;
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await foreach (var signal in open())
                    {
                        tell(signal);
                        if (signal is WatchSignal.Listed or RunSignal.Listed)
                            world.Health.Listed(watch);
                        // It is asked again and again; said once for each reason.
                        if (RefusalIn(signal) is not { } reason || reason == said)
                            continue;
                        said = reason;
                        world.Health.Refused(watch, reason);
                        LogRefused(world.Log, what, reason);
                    }

                    if (!stop.IsCancellationRequested)
                        await Task.Delay(AgainAfter, world.Time, stop);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception cause)
                {
                    LogBroken(world.Log, what, cause);
                    await Task.Delay(AgainAfter, world.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                }
            }
        }
    }

    private static string? RefusalIn<T>(T signal) => signal switch
    {
        WatchSignal.Interrupted { Refused: true, Reason: var reason } => reason,
        RunSignal.Refused { Reason: var reason } => reason,
        _ => null,
    };

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

    [LoggerMessage(1303, LogLevel.Error, "The {What} broke and is opened again")]
    private static partial void LogBroken(ILogger logger, string what, Exception cause);

    [LoggerMessage(1304, LogLevel.Warning, "The API server refuses the {What}; it is asked again: {Reason}")]
    private static partial void LogRefused(ILogger logger, string what, string reason);
}
