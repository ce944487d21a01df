using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes;

/// <summary>
/// Lists, then watches from the version of the listing. While the server still knows that version, a lost connection goes on where it was;
/// when it does not (410), everything is listed anew. Consumers see one unbroken story, and <see cref="WatchSignal.Interrupted"/> where it was mended.
/// </summary>
public sealed class ResourceWatch(KubernetesClient client, ResourceWatchOptions options, TimeProvider time) : IResourceWatch
{
    /// <summary>An event that cannot be read is asked for again this often before everything is listed anew.</summary>
    private const int UnreadableLimit = 3;

    public IAsyncEnumerable<WatchSignal> Watch(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        Watch(new Place(type, ns, new Selection(labelSelector, null)), cancellation);

    public IAsyncEnumerable<WatchSignal> WatchOne(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        Watch(new Place(type, ns, new Selection(null, name)), cancellation);

    private async IAsyncEnumerable<WatchSignal> Watch(Place place, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A pump of its own, because a consumer's slowness must not look like the server's silence.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var signals = Channel.CreateBounded<WatchSignal>(new BoundedChannelOptions(options.ReadAhead) { SingleReader = true, SingleWriter = true });
        var pump = Pump(place, signals.Writer, stop.Token);
        try
        {
            while (await More(signals.Reader, cancellation))
            {
                while (!cancellation.IsCancellationRequested && signals.Reader.TryRead(out var signal))
                    yield return signal;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pump;
        }
    }

    /// <summary>False when the token ended it. A bug in the pump surfaces here as an exception.</summary>
    private static async Task<bool> More(ChannelReader<WatchSignal> signals, CancellationToken cancellation)
    {
        try
        {
            return !cancellation.IsCancellationRequested && await signals.WaitToReadAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task Pump(Place place, ChannelWriter<WatchSignal> signals, CancellationToken cancellation)
    {
        // The consumer must get its first turn before this one holds the thread.
        await Task.Yield();
        try
        {
            while (true)
            {
                if (place.Version is null)
                    await List(place, signals, cancellation);
                else
                    await Follow(place, signals, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            signals.Complete();
        }
        catch (Exception bug)
        {
            signals.Complete(bug);
        }
    }

    private async Task List(Place place, ChannelWriter<WatchSignal> signals, CancellationToken cancellation)
    {
        switch (await client.ListAt(place.Type, place.Namespace, place.Selection, cancellation))
        {
            case Outcome<Listing>.Done { Value: var listing }:
                place.Version = listing.ResourceVersion;
                await signals.WriteAsync(new WatchSignal.Listed(listing.Items), cancellation);
                break;
            case var failed:
                var refused = failed is Outcome<Listing>.Terminal { Code: Refusal.Forbidden or Refusal.Unauthorized };
                await Wait(place, failed.Failure!, (failed as Outcome<Listing>.Transient)?.After, signals, cancellation, refused);
                break;
        }
    }

    private async Task Follow(Place place, ChannelWriter<WatchSignal> signals, CancellationToken cancellation)
    {
        var heard = place.Heard;
        var started = time.GetTimestamp();
        switch (await Connection(place, signals, cancellation))
        {
            case WatchEnd.Closed when place.Heard > heard || time.GetElapsedTime(started) >= options.ConnectionLifetime / 2:
                // The server closes streams as it was asked to; that is no interruption.
                break;
            case WatchEnd.Closed:
                await Wait(place, $"watching {place.Type.Plural}: the server closed the stream without a word", null, signals, cancellation);
                break;
            case WatchEnd.Expired:
                place.Version = null;
                // Once is the ordinary course of a long-running watch; a server that forgets at once is left time to recover.
                if (place.Heard == heard && place.Failures > 0)
                    await Wait(place, $"watching {place.Type.Plural}: the server no longer knows the version of its own listing", null, signals, cancellation);
                else
                    place.Failures++;
                break;
            case WatchEnd.Silent silent:
                // It already waited long; and what is dead is most often the connection, not the server.
                await signals.WriteAsync(new WatchSignal.Interrupted(silent.Reason), cancellation);
                break;
            case WatchEnd.Unreadable unreadable:
                if (++place.UnreadableInARow >= UnreadableLimit)
                    place.Version = null;
                await Wait(place, unreadable.Reason, null, signals, cancellation);
                break;
            case WatchEnd.Failed failed:
                if (failed.PlaceLost)
                    place.Version = null;
                await Wait(place, failed.Reason, failed.After, signals, cancellation);
                break;
            case var unknown:
                throw new InvalidOperationException($"unknown end of a watch: {unknown}");
        }
    }

    private async Task<WatchEnd> Connection(Place place, ChannelWriter<WatchSignal> signals, CancellationToken cancellation)
    {
        var what = $"watching {place.Type.Plural}";
        var path = ApiPath.Query(
            ApiPath.Collection(place.Type, place.Namespace),
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", place.Version), ("labelSelector", place.Selection.Labels), ("fieldSelector", place.Selection.Fields),
            ("timeoutSeconds", ((int)options.ConnectionLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)));
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var answer = await client.Transport.Send(HttpMethod.Get, path, null, either.Token);
            if (!answer.IsSuccessStatusCode)
                return WatchEnd.Of(ApiAnswer.Failed<Nothing>(what, answer, await answer.Content.ReadAsStringAsync(either.Token), time.GetUtcNow()), answer.StatusCode);
            await using var stream = await answer.Content.ReadAsStreamAsync(either.Token);
            return await Events(place, new LineReader(stream, options.MaxEventBytes), what, limit, signals, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new WatchEnd.Silent($"{what}: nothing arrived in time; connecting anew");
        }
        catch (LineTooLongException e)
        {
            return new WatchEnd.Unreadable($"{what}: {e.Message}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new WatchEnd.Failed(ApiAnswer.Broken(what, e), null, false);
        }
    }

    private async Task<WatchEnd> Events(
        Place place, LineReader lines, string what, CancellationTokenSource limit, ChannelWriter<WatchSignal> signals, CancellationToken cancellation)
    {
        while (true)
        {
            limit.CancelAfter(options.Silence);
            var line = await lines.Next(cancellation);
            // Handing on may wait for the consumer as long as it likes; the clock runs for the server only.
            limit.CancelAfter(Timeout.InfiniteTimeSpan);
            if (line is null)
                return new WatchEnd.Closed();
            switch (WatchEvent.Read(line.Value.Span, time.GetUtcNow()))
            {
                case WatchEvent.Bookmark bookmark:
                    place.Advance(bookmark.Version);
                    break;
                case WatchEvent.Changed changed:
                    place.Advance(changed.Version);
                    await signals.WriteAsync(new WatchSignal.Changed(changed.Item), cancellation);
                    break;
                case WatchEvent.Removed removed:
                    place.Advance(removed.Version);
                    await signals.WriteAsync(new WatchSignal.Removed(removed.Item), cancellation);
                    break;
                case WatchEvent.Error { Code: 410 }:
                    return new WatchEnd.Expired();
                case WatchEvent.Error error:
                    return new WatchEnd.Failed($"{what}: {error.Message}", error.After, false);
                case WatchEvent.Unreadable unreadable:
                    return new WatchEnd.Unreadable($"{what}: {unreadable.Why}");
                case var unknown:
                    throw new InvalidOperationException($"unknown watch event: {unknown}");
            }
        }
    }

    private async Task Wait(Place place, string reason, TimeSpan? asked, ChannelWriter<WatchSignal> signals, CancellationToken cancellation, bool refused = false)
    {
        await signals.WriteAsync(new WatchSignal.Interrupted(reason, refused), cancellation);
        var grown = options.FirstDelay * Math.Pow(2, Math.Min(place.Failures, 16));
        var bounded = grown < options.LongestDelay ? grown : options.LongestDelay;
        var delay = bounded * (1 - (options.Jitter() / 2));
        place.Failures++;
        await Task.Delay(asked > delay ? asked.Value : delay, time, cancellation);
    }

    /// <summary>Where a watch is in the story; the only thing that changes.</summary>
    private sealed class Place(ResourceType type, string? ns, Selection selection)
    {
        public ResourceType Type => type;

        public string? Namespace => ns;

        public Selection Selection => selection;

        /// <summary>Null: unknown, so that everything must be listed.</summary>
        public string? Version { get; set; }

        /// <summary>Attempts in a row that brought nothing.</summary>
        public int Failures { get; set; }

        public int UnreadableInARow { get; set; }

        /// <summary>Events and bookmarks so far.</summary>
        public long Heard { get; private set; }

        public void Advance(string version)
        {
            Version = version;
            Heard++;
            Failures = 0;
            UnreadableInARow = 0;
        }
    }
}
