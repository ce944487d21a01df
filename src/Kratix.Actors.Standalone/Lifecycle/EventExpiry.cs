using System.Globalization;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>Events are news, not records: old ones go, and when there are too many, the oldest.</summary>
internal sealed class EventExpiry : IAsyncDisposable
{
    private readonly ObjectStore _store;
    private readonly TimeSpan _lifetime;
    private readonly int _most;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    public EventExpiry(ObjectStore store, TimeSpan lifetime, int most, ILogger log)
    {
        (_store, _lifetime, _most, _log) = (store, lifetime, most, log);
        _work = Task.Run(Run);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private async Task Run()
    {
        using var timer = new PeriodicTimer(_lifetime / 10, _store.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await RemoveExpired();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // the server closes
        }
    }

    private async Task RemoveExpired()
    {
        var end = _store.Time.GetUtcNow() - _lifetime;
        var all = _store.Current.List(BuiltIn.Events.Storage, null).OrderBy(e => e.Version).ToList();
        var surplus = all.Count - _most;
        for (var i = 0; i < all.Count; i++)
        {
            if (i >= surplus && LastSeen(all[i]) >= end) continue;
            try
            {
                await _store.TryRemove(all[i]);
            }
            catch (IOException failure)
            {
                ServerLog.CleanupFailed(_log, all[i].Key.ToString(), failure);
                return; // the store cannot write now; the next tick tries again
            }
        }
    }

    private static DateTimeOffset LastSeen(StoredObject e)
    {
        var tree = e.Parse();
        return new[] { tree.At("series", "lastObservedTime"), tree["lastTimestamp"], tree["eventTime"], tree.At("metadata", "creationTimestamp") }
            .Select(t => DateTimeOffset.TryParse(t.AsText(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : DateTimeOffset.MinValue)
            .Max();
    }
}
