using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Selection;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Api;

/// <summary>Get and list, as objects or as a table.</summary>
internal sealed class ReadHandler(ObjectStore store, TimeProvider time)
{
    public async Task Get(ApiRequest request)
    {
        var type = request.Type;
        var found = store.Get(type.Key(request.Namespace ?? "", request.Name)) ?? throw ApiException.NotFound(type, request.Name);
        if (TableFormat.Of(request.Http.Request.Headers.Accept.ToString(), request.Query("includeObject")) is { } table)
        {
            var metadata = new JsonObject { ["resourceVersion"] = Text(found.Version) };
            await Answers.Send(request.Http, 200, table.Table(type, [Versions.PresentTree(type, found)], metadata, time.GetUtcNow()));
            return;
        }
        await Answers.Send(request.Http, 200, Versions.Present(type, found));
    }

    public async Task List(ApiRequest request)
    {
        var type = request.Type;
        var page = Page(request);
        var metadata = new JsonObject { ["resourceVersion"] = Text(page.Version) };
        if (page.Continue is not null) metadata["continue"] = page.Continue;
        if (page.Remaining is { } remaining) metadata["remainingItemCount"] = remaining;
        if (TableFormat.Of(request.Http.Request.Headers.Accept.ToString(), request.Query("includeObject")) is { } table)
        {
            await Answers.Send(request.Http, 200, table.Table(type, page.Items.Select(o => Versions.PresentTree(type, o)), metadata, time.GetUtcNow()));
            return;
        }
        await SendList(request, page.Items, metadata);
    }

    private ListPage Page(ApiRequest request)
    {
        var type = request.Type;
        var labels = LabelSelector.Parse(request.Query("labelSelector"));
        var fields = FieldSelector.Parse(request.Query("fieldSelector"), type);
        var limit = request.QueryNumber("limit") is > 0 and var l ? l : int.MaxValue;
        var snapshot = store.Current;
        var version = snapshot.Version;
        (string, string)? after = null;
        if (request.Query("continue") is { Length: > 0 } token)
        {
            (version, after) = ReadToken(token);
            // The pages together must be watchable from the first one's version.
            if (version < store.OldestVersion(type.Storage))
                throw ApiException.Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
        }
        else if (request.Query("resourceVersion") is { Length: > 0 } asked)
        {
            var wanted = WatchHandler.ReadVersion(asked);
            if (wanted > version) throw new ApiException(504, "Timeout", $"Too large resource version: {wanted}, current: {version}");
            if (request.Query("resourceVersionMatch") == "Exact" && wanted != version) throw ApiException.Expired($"The resourceVersion for the provided list is too old: {wanted}");
        }
        // With one name asked for, the object is looked up instead of searched.
        IEnumerable<StoredObject> all = fields.Name is { } name && request.Namespace is { } ns && after is null
            ? store.Get(type.Key(ns, name)) is { } one ? [one] : []
            : snapshot.List(type.Storage, type.Namespaced ? request.Namespace : null, after);
        var items = new List<StoredObject>();
        foreach (var o in all)
        {
            if (!(labels.IsEverything || labels.Matches(o.Header.Labels)) || !fields.Matches(o)) continue;
            if (items.Count == limit) return new ListPage(version, items, Token(version, items[^1]), Remaining(labels, fields, snapshot, type, request, items[^1]));
            items.Add(o);
        }
        return new ListPage(version, items, null, null);
    }

    private static int? Remaining(LabelSelector labels, FieldSelector fields, Snapshot snapshot, ResourceType type, ApiRequest request, StoredObject last) =>
        labels.IsEverything && fields.IsEverything
            ? snapshot.Count(type.Storage, type.Namespaced ? request.Namespace : null, (last.Namespace, last.Name))
            : null;

    private static async Task SendList(ApiRequest request, IReadOnlyList<StoredObject> items, JsonObject metadata)
    {
        var type = request.Type;
        var response = request.Http.Response;
        response.ContentType = "application/json";
        var head = new JsonObject { ["kind"] = type.ListKind, ["apiVersion"] = type.ApiVersion, ["metadata"] = metadata }.ToUtf8();
        var body = response.BodyWriter;
        Write(head.AsSpan(0, head.Length - 1));
        Write(",\"items\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) Write(","u8);
            Write(Versions.Present(type, items[i]).Span);
            if (body.UnflushedBytes > 64 * 1024) await body.FlushAsync(request.Aborted);
        }
        Write("]}"u8);
        await body.FlushAsync(request.Aborted);

        void Write(ReadOnlySpan<byte> bytes) => System.Buffers.BuffersExtensions.Write(body, bytes);
    }

    private static string Token(long version, StoredObject last) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Text(version)} {last.Namespace}/{last.Name}"));

    private static (long Version, (string, string) After) ReadToken(string token)
    {
        var bytes = new byte[token.Length];
        if (Convert.TryFromBase64String(token, bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split([' ', '/'], 3) is [var v, var ns, var name]
            && long.TryParse(v, CultureInfo.InvariantCulture, out var version))
            return (version, (ns, name));
        throw ApiException.BadRequest("continue key is not valid");
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private sealed record ListPage(long Version, IReadOnlyList<StoredObject> Items, string? Continue, int? Remaining);
}
