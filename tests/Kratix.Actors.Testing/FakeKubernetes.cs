using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Testing;

/// <summary>
/// Objects in memory behind the Kubernetes port: versions, generations, finalizers, status apart from the rest, watches. It knows no schema and no
/// controller. Kept small on purpose: what matters about the real server is tested against the real server.
/// </summary>
public sealed class FakeKubernetes(TimeProvider time) : IKubernetes, IResourceWatch
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Kind, string Namespace, string Name), (ResourceType Type, JsonObject Object)> _objects = [];
    private readonly Dictionary<(string Kind, string Namespace, string Name), JsonObject> _applied = [];
    private readonly List<Watcher> _watchers = [];
    private long _version = 100;
    private long _uids;
    private long _names;

    /// <summary>Asked before each call with verb, kind and name; what it returns is the failure the caller gets.</summary>
    public Func<string, ResourceType, string, Outcome<Nothing>?>? Fail { get; set; }

    /// <summary>Asked for each change: whether all watches miss it, as one does that loses its place.</summary>
    public Func<JsonObject, bool>? Missed { get; set; }

    /// <summary>Awaited when a listing has been taken and nobody has heard of it yet.</summary>
    public Func<ResourceType, Task>? BeforeListed { get; set; }

    /// <summary>Awaited when something has been patched with this and nobody has heard of it yet.</summary>
    public Func<JsonNode, Task>? BeforePatched { get; set; }

    public int Writes { get; private set; }

    /// <summary>Logs by <c>namespace/pod/container</c>.</summary>
    public ConcurrentDictionary<string, string> Logs { get; } = [];

    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => Locked("get", type, name, () =>
        _objects.TryGetValue(Key(type, ns, name), out var found) ? Done(found.Object) : Missing(type, name));

    public async Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation)
    {
        var listed = await Locked<IReadOnlyList<JsonObject>>("list", type, "", () => new Outcome<IReadOnlyList<JsonObject>>.Done(Matching(type, ns, o => LabelSelectors.Matches(labelSelector, o))));
        await (BeforeListed?.Invoke(type) ?? Task.CompletedTask);
        return listed;
    }

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation)
    {
        var name = (string?)body["metadata"]?["name"]
            ?? ((string?)body["metadata"]?["generateName"] is { } prefix ? string.Create(CultureInfo.InvariantCulture, $"{prefix}{Interlocked.Increment(ref _names):x}") : null)
            ?? throw new ArgumentException("the object has neither metadata.name nor metadata.generateName", nameof(body));
        return Locked("create", type, name, () =>
        {
            Writes++;
            if (_objects.ContainsKey(Key(type, ns, name)))
                return new Outcome<JsonObject>.Terminal(Refusal.AlreadyExists, $"{type.Plural} \"{name}\" already exists");
            return Done(Put(type, ns, name, null, body.DeepClone().AsObject()));
        });
    }

    public async Task<Outcome<JsonObject>> Patch(
        ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation)
    {
        var patched = await Locked("patch", type, name, () => Patch(type, ns, name, kind, body, subresource));
        await (BeforePatched?.Invoke(body) ?? Task.CompletedTask);
        return patched;
    }

    private Outcome<JsonObject> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource)
    {
        Writes++;
        var old = _objects.TryGetValue(Key(type, ns, name), out var found) ? found.Object : null;
        if (old is null && (kind != PatchKind.Apply || subresource is not null))
            return Missing(type, name);
        if ((body as JsonObject)?["metadata"]?["resourceVersion"] is { } expected && (string?)expected != (string?)old?["metadata"]?["resourceVersion"])
            return new Outcome<JsonObject>.Terminal(Refusal.Conflict, $"{type.Plural} \"{name}\": the object has been modified");
        var target = old?.DeepClone().AsObject() ?? [];
        if (kind == PatchKind.Json)
        {
            if (JsonPatches.Apply(target, body.AsArray()) is { } problem)
                return new Outcome<JsonObject>.Terminal(Refusal.Invalid, problem);
        }
        else
        {
            // One applies for all: there is one manager of fields here.
            if (kind == PatchKind.Apply && _applied.TryGetValue(Key(type, ns, name), out var applied))
                JsonPatches.Merge(target, TakenBack(applied, body.AsObject()));
            JsonPatches.Merge(target, body.AsObject());
        }

        // Where there is a subresource, a status is written through it only, and that writes nothing else.
        var result = subresource == "status" ? old!.DeepClone().AsObject() : target;
        if (HasStatusSubresource(type))
            result["status"] = (subresource == "status" ? target : old)?["status"]?.DeepClone();
        if (old?["metadata"]?["deletionTimestamp"] is not null && Finalizers(result).Except(Finalizers(old)).Any())
            return new Outcome<JsonObject>.Terminal(Refusal.Invalid, $"{type.Plural} \"{name}\": no new finalizers can be added if the object is being deleted");
        if (kind == PatchKind.Apply)
            _applied[Key(type, ns, name)] = body.DeepClone().AsObject();
        return Done(Put(type, ns, name, old, result));
    }

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) => Locked("delete", type, name, () =>
    {
        Writes++;
        if (_objects.TryGetValue(Key(type, ns, name), out var found) && found.Object["metadata"]!["deletionTimestamp"] is null)
        {
            var marked = found.Object.DeepClone().AsObject();
            marked["metadata"]!["deletionTimestamp"] = Now();
            Put(type, ns, name, found.Object, marked);
        }

        return new Outcome<Nothing>.Done(default);
    });

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) =>
        Task.FromResult<Outcome<string>>(Logs.TryGetValue($"{ns}/{pod}/{container}", out var log)
            ? new Outcome<string>.Done(string.Join('\n', log.Split('\n').TakeLast(lines)))
            : new Outcome<string>.Terminal(Refusal.NotFound, $"pods \"{pod}\" not found"));

    /// <summary>Finalizers are back on an object that is to go. No server lets anybody do that; one that is restored from a backup does it.</summary>
    public void RestoreFinalizers(ResourceType type, string? ns, string name, params IEnumerable<string> finalizers)
    {
        lock (_gate)
        {
            var found = _objects[Key(type, ns, name)].Object;
            var restored = found.DeepClone().AsObject();
            restored["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(f => JsonValue.Create(f))]);
            Put(type, ns, name, found, restored);
        }
    }

    /// <summary>What of this kind is watched now: NAMESPACE/NAME for one object, NAMESPACE/* and */* for all.</summary>
    public IReadOnlyList<string> Watched(ResourceType type)
    {
        lock (_gate)
            return [.. _watchers.Where(w => w.Type == type).Select(w => $"{w.Namespace ?? "*"}/{w.Name ?? "*"}")];
    }

    /// <summary>All watches of this kind are refused; one that is let in again lists anew, as after <see cref="Interrupt"/>.</summary>
    public void Refuse(ResourceType type, string reason)
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers.Where(w => w.Type == type))
                watcher.Signals.Writer.TryWrite(new WatchSignal.Interrupted(reason, Refused: true));
        }
    }

    /// <summary>All watches lose the server, and list anew.</summary>
    public void Interrupt(string reason)
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
            {
                watcher.Signals.Writer.TryWrite(new WatchSignal.Interrupted(reason));
                watcher.Signals.Writer.TryWrite(new WatchSignal.Listed(Matching(watcher)));
            }
        }
    }

    public IAsyncEnumerable<WatchSignal> Watch(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        Watch(new Watcher(type, ns, null, o => LabelSelectors.Matches(labelSelector, o), Channel.CreateUnbounded<WatchSignal>()), cancellation);

    public IAsyncEnumerable<WatchSignal> WatchOne(ResourceType type, string? ns, string name, CancellationToken cancellation) =>
        Watch(new Watcher(type, ns, name, o => (string?)o["metadata"]!["name"] == name, Channel.CreateUnbounded<WatchSignal>()), cancellation);

    private async IAsyncEnumerable<WatchSignal> Watch(Watcher watcher, [EnumeratorCancellation] CancellationToken cancellation)
    {
        lock (_gate)
        {
            watcher.Signals.Writer.TryWrite(new WatchSignal.Listed(Matching(watcher)));
            _watchers.Add(watcher);
        }

        await using var ending = cancellation.Register(() => watcher.Signals.Writer.TryComplete());
        try
        {
            // Not ReadAllAsync: it goes on in the thread pool, and the deterministic dispatcher would not know that something is to come.
            while (await watcher.Signals.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (!cancellation.IsCancellationRequested && watcher.Signals.Reader.TryRead(out var signal))
                    yield return signal;
                if (cancellation.IsCancellationRequested)
                    yield break;
            }
        }
        finally
        {
            lock (_gate)
                _watchers.Remove(watcher);
        }
    }

    private Task<Outcome<T>> Locked<T>(string verb, ResourceType type, string name, Func<Outcome<T>> act)
    {
        if (Fail?.Invoke(verb, type, name) is { } failure)
            return Task.FromResult(failure.Select<T>(_ => throw new InvalidOperationException("Fail returned success")));
        lock (_gate)
            return Task.FromResult(act());
    }

    private JsonObject Put(ResourceType type, string? ns, string name, JsonObject? old, JsonObject next)
    {
        // Through text, as over a wire: a number must not remember that it once was an int.
        next = JsonNode.Parse(next.ToJsonString())!.AsObject();
        if (next["metadata"] is not JsonObject metadata)
            next["metadata"] = metadata = [];
        metadata["name"] = name;
        if (ns is not null)
            metadata["namespace"] = ns;
        next["apiVersion"] = type.ApiVersion;
        next["kind"] = type.Kind;
        if (next["status"] is null || (old is null && HasStatusSubresource(type)))
            next.Remove("status");
        foreach (var kept in (string[])["uid", "creationTimestamp", "generation", "resourceVersion"])
            metadata[kept] = old?["metadata"]![kept]?.DeepClone();
        if (old is not null && JsonNode.DeepEquals(old, next))
            return old;
        // Counted, not drawn: run ids are made of uids, and the same seed must be the same run.
        metadata["uid"] ??= string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{++_uids:x12}");
        metadata["creationTimestamp"] ??= Now();
        metadata["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        if (old is null || !JsonNode.DeepEquals(Wish(old), Wish(next)))
            metadata["generation"] = JsonNode.Parse($"{((long?)old?["metadata"]!["generation"] ?? 0) + 1}");
        var gone = metadata["deletionTimestamp"] is not null && metadata["finalizers"] is not JsonArray { Count: > 0 };
        if (gone)
        {
            _objects.Remove(Key(type, ns, name));
            _applied.Remove(Key(type, ns, name));
        }
        else
            _objects[Key(type, ns, name)] = (type, next);
        var missed = Missed?.Invoke(next) == true;
        foreach (var watcher in _watchers.Where(w => !missed && w.Type.Plural == type.Plural && w.Type.Group == type.Group && (w.Namespace ?? ns) == ns))
            watcher.Tell(old, gone ? null : next, next);
        return next;
    }

    private static bool HasStatusSubresource(ResourceType type) => type is not { Group: "platform.kratix.io", Plural: "works" or "workplacements" };

    private static IEnumerable<string> Finalizers(JsonObject whole) => (whole["metadata"]?["finalizers"] as JsonArray ?? []).Select(f => f!.ToString());

    /// <summary>The merge patch that takes away what was applied before and is applied no longer.</summary>
    private static JsonObject TakenBack(JsonObject before, JsonObject now)
    {
        var patch = new JsonObject();
        foreach (var (key, value) in before)
        {
            if (!now.ContainsKey(key))
                patch[key] = null;
            else if (value is JsonObject inner && now[key] is JsonObject innerNow)
                patch[key] = TakenBack(inner, innerNow);
        }

        return patch;
    }

    private static JsonObject Wish(JsonObject whole)
    {
        var wish = whole.DeepClone().AsObject();
        wish.Remove("metadata");
        wish.Remove("status");
        return wish;
    }

    private List<JsonObject> Matching(Watcher watcher) => Matching(watcher.Type, watcher.Namespace, watcher.Selects);

    private List<JsonObject> Matching(ResourceType type, string? ns, Func<JsonObject, bool> selects)
    {
        var kind = Key(type, null, "").Item1;
        return [.. _objects.Where(o => o.Key.Kind == kind && (ns is null || o.Key.Namespace == ns) && selects(o.Value.Object)).Select(o => o.Value.Object.DeepClone().AsObject())];
    }

    private string Now() => time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static (string, string, string) Key(ResourceType type, string? ns, string name) => ($"{type.Plural}.{type.Group}", ns ?? "", name);

    private static Outcome<JsonObject> Done(JsonObject value) => new Outcome<JsonObject>.Done(value.DeepClone().AsObject());

    private static Outcome<JsonObject> Missing(ResourceType type, string name) =>
        new Outcome<JsonObject>.Terminal(Refusal.NotFound, $"{type.Plural} \"{name}\" not found");

    private sealed record Watcher(ResourceType Type, string? Namespace, string? Name, Func<JsonObject, bool> Selects, Channel<WatchSignal> Signals)
    {
        public void Tell(JsonObject? before, JsonObject? after, JsonObject last)
        {
            if (after is not null && Selects(after))
                Signals.Writer.TryWrite(new WatchSignal.Changed(after.DeepClone().AsObject()));
            else if (before is not null && Selects(before))
                Signals.Writer.TryWrite(new WatchSignal.Removed(last.DeepClone().AsObject()));
        }
    }
}
