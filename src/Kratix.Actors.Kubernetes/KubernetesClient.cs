using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes;

/// <summary>The Kubernetes API over HTTP. It does not repeat a failed call: whether and when to ask again is the caller's to decide, from the outcome.</summary>
public sealed class KubernetesClient : IKubernetes, IDryRuns, IDisposable
{
    /// <summary>A listing whose pages expire this often under way is fetched in one piece.</summary>
    private const int PagedAttempts = 2;

    [ThreadStatic]
    private static JsonBuffer? t_buffer;

    private readonly KubernetesClientOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _inFlight;
    private long _writes;

    /// <summary><paramref name="handler"/>: the way to a server in this process; null: over the network, as <paramref name="access"/> says.</summary>
    public KubernetesClient(KubernetesAccess access, KubernetesClientOptions options, TimeProvider time, HttpMessageHandler? handler = null)
        : this(new ApiTransport(access, time, handler), options, time)
    {
    }

    internal KubernetesClient(ApiTransport transport, KubernetesClientOptions options, TimeProvider time) =>
        (Transport, _options, _time, _inFlight) = (transport, options, time, new SemaphoreSlim(options.MaxInFlight));

    /// <summary>Creations, patches and deletions sent since the start.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    internal ApiTransport Transport { get; }

    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        Call(HttpMethod.Get, ApiPath.Item(type, ns, name), null, null, ReadObject, cancellation);

    public async Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        (await ListAt(type, ns, new Selection(labelSelector, null), cancellation)).Select(l => l.Items);

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) =>
        Write(HttpMethod.Post, ApiPath.Query(ApiPath.Collection(type, ns), ("fieldManager", _options.FieldManager)), body, "application/json", cancellation);

    public Task<Outcome<JsonObject>> Patch(
        ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation)
    {
        var media = kind switch
        {
            PatchKind.Merge => "application/merge-patch+json",
            PatchKind.Json => "application/json-patch+json",
            PatchKind.Apply => "application/apply-patch+yaml",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of patch"),
        };
        var path = ApiPath.Query(ApiPath.Item(type, ns, name, subresource), ("fieldManager", _options.FieldManager), ("force", kind == PatchKind.Apply ? "true" : null));
        return Write(HttpMethod.Patch, path, body, media, cancellation);
    }

    Task<Outcome<JsonObject>> IDryRuns.Apply(ResourceType type, string? ns, string name, JsonObject body, CancellationToken cancellation)
    {
        var path = ApiPath.Query(ApiPath.Item(type, ns, name), ("fieldManager", _options.FieldManager), ("force", "true"), ("dryRun", "All"));
        return Call(HttpMethod.Patch, path, body, "application/apply-patch+yaml", ReadObject, cancellation);
    }

    public async Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation)
    {
        var options = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1", ["propagationPolicy"] = "Background" };
        var answer = await Write(HttpMethod.Delete, ApiPath.Item(type, ns, name), options, "application/json", cancellation);
        return answer is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } ? new Outcome<Nothing>.Done(default) : answer.Select(_ => default(Nothing));
    }

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation)
    {
        var path = ApiPath.Query(
            ApiPath.Item(KnownTypes.Pod, ns, pod, "log"), ("container", container), ("tailLines", lines.ToString(CultureInfo.InvariantCulture)));
        return Call(HttpMethod.Get, path, null, null, ReadTail, cancellation);
    }

    public void Dispose()
    {
        Transport.Dispose();
        _inFlight.Dispose();
    }

    /// <summary>What the server says at one of its own addresses, such as a group's list of kinds.</summary>
    internal Task<Outcome<JsonObject>> GetDocument(string path, CancellationToken cancellation) => Call(HttpMethod.Get, path, null, null, ReadObject, cancellation);

    /// <summary>All objects with the version of the listing, from which a watch can go on.</summary>
    internal async Task<Outcome<Listing>> ListAt(ResourceType type, string? ns, Selection selection, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var paged = attempt < PagedAttempts;
            var outcome = await ListOnce(type, ns, selection, paged ? _options.PageSize : 0, cancellation);
            if (outcome is not null)
                return outcome;
            if (!paged)
                return new Outcome<Listing>.Transient($"listing {type.Plural}: the server says that the listing expired while it was read");
        }
    }

    /// <summary>Null: the server forgot the snapshot that the pages were read from, so that the pages read so far are worth nothing.</summary>
    private async Task<Outcome<Listing>?> ListOnce(ResourceType type, string? ns, Selection selection, int pageSize, CancellationToken cancellation)
    {
        var items = new List<JsonObject>();
        string? version = null;
        string? next = null;
        do
        {
            var path = ApiPath.Query(
                ApiPath.Collection(type, ns),
                ("labelSelector", selection.Labels), ("fieldSelector", selection.Fields), ("limit", pageSize > 0 ? pageSize.ToString(CultureInfo.InvariantCulture) : null), ("continue", next));
            var expired = false;
            var answer = await Call(HttpMethod.Get, path, null, null, ReadObject, cancellation, code => expired = code == HttpStatusCode.Gone);
            if (expired)
                return null;
            if (answer is not Outcome<JsonObject>.Done { Value: var page })
                return answer.Select(_ => new Listing([], ""));
            // The first page's version: from there a watch repeats what changed while the other pages were read.
            version ??= (page["metadata"]?["resourceVersion"] as JsonValue)?.ToString();
            next = (page["metadata"]?["continue"] as JsonValue)?.ToString();
            Take(type, page, items);
        }
        while (!string.IsNullOrEmpty(next));
        return string.IsNullOrEmpty(version)
            ? new Outcome<Listing>.Transient($"listing {type.Plural}: the answer has no metadata.resourceVersion")
            : new Outcome<Listing>.Done(new Listing(items, version));
    }

    private static void Take(ResourceType type, JsonObject page, List<JsonObject> into)
    {
        if (page["items"] is not JsonArray found)
            return;
        var first = into.Count;
        while (found.Count > 0)
        {
            // Detached from the end: removing from the front of a long list would copy the rest each time.
            var node = found[^1];
            found.RemoveAt(found.Count - 1);
            if (node is not JsonObject item)
                continue;
            // Items of built-in kinds come without these two; alone, an object must say what it is.
            item.TryAdd("apiVersion", type.ApiVersion);
            item.TryAdd("kind", type.Kind);
            into.Add(item);
        }

        into.Reverse(first, into.Count - first);
    }

    private Task<Outcome<JsonObject>> Write(HttpMethod method, string path, JsonNode body, string media, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _writes);
        return Call(method, path, body, media, ReadObject, cancellation);
    }

    private async Task<Outcome<T>> Call<T>(
        HttpMethod method, string path, JsonNode? body, string? media, Func<HttpResponseMessage, CancellationToken, Task<Outcome<T>>> read,
        CancellationToken cancellation, Action<HttpStatusCode>? refused = null)
    {
        var what = $"{method} /{path.Split('?')[0]}";
        await _inFlight.WaitAsync(cancellation);
        try
        {
            using var limit = new CancellationTokenSource(_options.CallTimeout, _time);
            using var either = cancellation.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token) : limit;
            try
            {
                using var content = body is null ? null : Content(body, media!);
                using var answer = await Transport.Send(method, path, content, either.Token);
                if (answer.IsSuccessStatusCode)
                    return await read(answer, either.Token);
                refused?.Invoke(answer.StatusCode);
                return ApiAnswer.Failed<T>(what, answer, await answer.Content.ReadAsStringAsync(either.Token), _time.GetUtcNow());
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                return new Outcome<T>.Transient(string.Create(CultureInfo.InvariantCulture, $"{what}: no answer within {_options.CallTimeout.TotalSeconds} s"));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or JsonException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // The last of them: the connection could not even be made in its own, shorter time.
                return new Outcome<T>.Transient(ApiAnswer.Broken(what, e));
            }
        }
        finally
        {
            _inFlight.Release();
        }
    }

    private static ByteArrayContent Content(JsonNode body, string media)
    {
        var buffer = t_buffer ??= new JsonBuffer(default);
        var writer = buffer.Begin();
        body.WriteTo(writer);
        writer.Flush();
        return new ByteArrayContent(buffer.Written.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue(media) } };
    }

    private static async Task<Outcome<JsonObject>> ReadObject(HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        return await JsonNode.ParseAsync(stream, null, ApiAnswer.Strict, cancellation) is JsonObject value
            ? new Outcome<JsonObject>.Done(value)
            : throw new JsonException("the answer is not a JSON object");
    }

    private async Task<Outcome<string>> ReadTail(HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var kept = new byte[2 * _options.MaxLogBytes];
        var length = 0;
        int read;
        while ((read = await stream.ReadAsync(kept.AsMemory(length), cancellation)) > 0)
        {
            length += read;
            if (length < kept.Length)
                continue;
            kept.AsSpan(length - _options.MaxLogBytes).CopyTo(kept);
            length = _options.MaxLogBytes;
        }

        var start = Math.Max(0, length - _options.MaxLogBytes);
        return new Outcome<string>.Done(Encoding.UTF8.GetString(kept, start, length - start));
    }
}

/// <summary>A complete listing and the version it shows.</summary>
internal sealed record Listing(IReadOnlyList<JsonObject> Items, string ResourceVersion);
