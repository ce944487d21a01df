using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Selection;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Api;

/// <summary>
/// A watch: one line of JSON per change, for as long as both sides like. From no version (or "0") it begins with everything there is; from a
/// version, with everything since; from a forgotten one, it is refused with 410.
/// </summary>
internal sealed class WatchHandler(ObjectStore store, StandaloneOptions options, CancellationToken closing)
{
    public async Task Watch(ApiRequest request)
    {
        var selection = new WatchSelection(
            request, LabelSelector.Parse(request.Query("labelSelector")), FieldSelector.Parse(request.Query("fieldSelector"), request.Type),
            TableFormat.Of(request.Http.Request.Headers.Accept.ToString(), request.Query("includeObject")), options.Time);
        var type = request.Type;
        var bookmarks = request.QueryIsTrue("allowWatchBookmarks");
        var asked = request.Query("resourceVersion") ?? "";
        var sendInitial = request.Query("sendInitialEvents") is { Length: > 0 } wish ? wish == "true" : asked is "" or "0";
        var snapshot = store.Current;
        var from = sendInitial ? snapshot.Version : ReadVersion(asked);
        if (from > snapshot.Version) throw new ApiException(504, "Timeout", $"Too large resource version: {from}, current: {snapshot.Version}");
        using var subscription = SubscribeOrExpire(type.Storage, from);

        var response = request.Http.Response;
        response.ContentType = selection.ContentType;
        using var timeout = new CancellationTokenSource(Timeout(request), options.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, request.Aborted, closing);
        try
        {
            await response.StartAsync(end.Token);
            if (sendInitial)
            {
                foreach (var o in snapshot.List(type.Storage, type.Namespaced ? request.Namespace : null))
                    if (selection.Covers(o)) Send("ADDED"u8, selection.Body(o));
                if (bookmarks && request.Query("sendInitialEvents") == "true") Send("BOOKMARK"u8, selection.Bookmark(snapshot.Version, isEndOfInitialEvents: true));
            }
            await response.BodyWriter.FlushAsync(end.Token);
            await Follow(subscription, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The watch's time is over, the client left or the server closes: an ended stream says so.
        }
        catch (WatchExpiredException e)
        {
            Send("ERROR"u8, ApiException.Expired(e.Message).ToStatus().ToUtf8());
            await response.BodyWriter.FlushAsync(CancellationToken.None);
        }

        async Task Follow(WatchSubscription events, CancellationToken ct)
        {
            using var bookmark = new PeriodicTimer(options.BookmarkInterval, options.Time);
            var tick = bookmark.WaitForNextTickAsync(ct).AsTask();
            var more = events.Events.WaitToReadAsync(ct).AsTask();
            while (true)
            {
                await Task.WhenAny(more, tick);
                if (more.IsCompleted)
                {
                    if (!await more) return;
                    while (events.Events.TryRead(out var e)) SendEvent(e);
                    more = events.Events.WaitToReadAsync(ct).AsTask();
                }
                if (tick.IsCompleted)
                {
                    await tick;
                    // All up to this version is in the queue, which is read dry first: a bookmark must not run ahead of an event.
                    var at = store.VersionToldToWatchers();
                    while (events.Events.TryRead(out var e)) SendEvent(e);
                    if (bookmarks) Send("BOOKMARK"u8, selection.Bookmark(at, isEndOfInitialEvents: false));
                    tick = bookmark.WaitForNextTickAsync(ct).AsTask();
                }
                await response.BodyWriter.FlushAsync(ct);
            }
        }

        void SendEvent(WatchEvent e)
        {
            var isIn = e.Type != WatchEventType.Deleted && selection.Covers(e.Object);
            var wasIn = e.Previous is not null && selection.Covers(e.Previous);
            if (isIn) Send(wasIn ? "MODIFIED"u8 : "ADDED"u8, selection.Body(e.Object));
            else if (wasIn) Send("DELETED"u8, selection.Body(e.Object));
        }

        void Send(ReadOnlySpan<byte> kind, ReadOnlyMemory<byte> body)
        {
            var writer = response.BodyWriter;
            writer.Write("{\"type\":\""u8);
            writer.Write(kind);
            writer.Write("\",\"object\":"u8);
            writer.Write(body.Span);
            writer.Write("}\n"u8);
        }
    }

    public static long ReadVersion(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw ApiException.BadRequest($"resourceVersion: Invalid value: \"{text}\": must be a number this server has given out");

    private WatchSubscription SubscribeOrExpire(GroupResource resource, long from)
    {
        try
        {
            return store.Subscribe(resource, from);
        }
        catch (WatchExpiredException e)
        {
            throw ApiException.Expired(e.Message);
        }
    }

    private TimeSpan Timeout(ApiRequest request) => request.QueryNumber("timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : options.WatchTimeout;

    /// <summary>What one watch wants to see, and in which form.</summary>
    private sealed class WatchSelection(ApiRequest request, LabelSelector labels, FieldSelector fields, TableFormat? table, TimeProvider time)
    {
        public string ContentType => table is null ? "application/json" : "application/json;as=Table;v=v1;g=meta.k8s.io";

        public bool Covers(StoredObject o) =>
            (!request.Type.Namespaced || request.Namespace is null || o.Namespace == request.Namespace)
            && (request.Name.Length == 0 || o.Name == request.Name)
            && (labels.IsEverything || labels.Matches(o.Header.Labels))
            && fields.Matches(o);

        public ReadOnlyMemory<byte> Body(StoredObject o)
        {
            if (table is null) return Versions.Present(request.Type, o);
            var metadata = new JsonObject { ["resourceVersion"] = o.Version.ToString(CultureInfo.InvariantCulture) };
            return table.Table(request.Type, [Versions.PresentTree(request.Type, o)], metadata, time.GetUtcNow()).ToUtf8();
        }

        public ReadOnlyMemory<byte> Bookmark(long version, bool isEndOfInitialEvents)
        {
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (isEndOfInitialEvents) metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            if (table is not null) return table.Table(request.Type, [], metadata, time.GetUtcNow()).ToUtf8();
            return new JsonObject { ["kind"] = request.Type.Kind, ["apiVersion"] = request.Type.ApiVersion, ["metadata"] = metadata }.ToUtf8();
        }
    }
}
