using System.Text.Json.Nodes;

namespace Kratix.Actors.Ports.Kubernetes;

/// <summary>A kind as the API server's URLs name it. <paramref name="Group"/> is empty for the core group.</summary>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>How a patch body is to be understood.</summary>
public enum PatchKind
{
    Merge,
    Json,
    Apply,
}

/// <summary>
/// Objects of a Kubernetes API, as JSON. Namespace is null for cluster-scoped kinds (and, in lists, for all namespaces).
/// Network failures, time-outs, 429 and 5xx are <c>Transient</c> (with Retry-After); other refusals are <c>Terminal</c> with the server's message.
/// </summary>
public interface IKubernetes
{
    Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation);

    /// <summary>All objects, fetched in pages.</summary>
    Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation);

    Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation);

    /// <summary><paramref name="subresource"/>: null or <c>status</c>. <see cref="PatchKind.Apply"/> takes over the fields of others.</summary>
    Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation);

    /// <summary>Done also when the object is not there.</summary>
    Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation);

    /// <summary>The tail of a container's log, for people; at most <paramref name="lines"/> lines.</summary>
    Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation);
}

/// <summary>Asks the API server what it would say to a write.</summary>
public interface IDryRuns
{
    /// <summary>Done: applying this would succeed, whether it makes the object or changes the one that is there. Nothing is written.</summary>
    Task<Outcome<JsonObject>> Apply(ResourceType type, string? ns, string name, JsonObject body, CancellationToken cancellation);
}

/// <summary>What a watch tells. After each (re)connection that lost its place, a complete listing is told again between <see cref="Listed"/> marks.</summary>
public abstract record WatchSignal
{
    private WatchSignal() { }

    /// <summary>The complete present set; whatever is not in it is gone.</summary>
    public sealed record Listed(IReadOnlyList<JsonObject> Items) : WatchSignal;

    public sealed record Changed(JsonObject Item) : WatchSignal;

    public sealed record Removed(JsonObject Item) : WatchSignal;

    /// <summary>
    /// The watch lost the server and tries again by itself; for health, not for decisions. <paramref name="Refused"/>: the server does not let the engine see the objects, so
    /// that nothing is told until it does.
    /// </summary>
    public sealed record Interrupted(string Reason, bool Refused = false) : WatchSignal;
}

/// <summary>List, watch, bookmarks, 410, watchdog, reconnect with back-off; emits observations and nothing else. Ends only with its token.</summary>
public interface IResourceWatch
{
    IAsyncEnumerable<WatchSignal> Watch(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation);

    /// <summary>Only the object of this name, which need not be there: a role whose <c>resourceNames</c> names it allows that, and no other is told.</summary>
    IAsyncEnumerable<WatchSignal> WatchOne(ResourceType type, string? ns, string name, CancellationToken cancellation);
}
