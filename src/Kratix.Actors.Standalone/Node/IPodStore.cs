using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>A Pod, and not another one of the same name that came later.</summary>
public sealed record PodIdentity(string Namespace, string Name, string Uid)
{
    public static PodIdentity Of(JsonObject pod) => new(pod.At("metadata", "namespace").AsText(), pod.At("metadata", "name").AsText(), pod.At("metadata", "uid").AsText());

    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>What the node is told of Pods.</summary>
public abstract record PodChange
{
    private PodChange() { }

    /// <summary>All Pods there are; one that is not among them is gone. Told first, and again whenever changes may have been missed.</summary>
    public sealed record Listed(IReadOnlyList<JsonObject> Pods) : PodChange;

    /// <summary>A Pod is new or has changed; with a <c>deletionTimestamp</c> it is to be stopped and then <see cref="IPodStore.Finish">finished</see>.</summary>
    public sealed record Changed(JsonObject Pod) : PodChange;

    /// <summary>The Pod is no longer stored: what still runs of it is stopped.</summary>
    public sealed record Removed(JsonObject Pod) : PodChange;
}

/// <summary>All that the node asks of the API server whose Pods it runs.</summary>
public interface IPodStore
{
    /// <summary>Pods now and as they change; ends only with its token.</summary>
    IAsyncEnumerable<PodChange> Watch(CancellationToken ct);

    /// <summary>The ConfigMap, or null when there is none.</summary>
    Task<JsonObject?> ConfigMap(string ns, string name, CancellationToken ct);

    /// <summary>The Secret with base64 <c>data</c>, or null when there is none.</summary>
    Task<JsonObject?> Secret(string ns, string name, CancellationToken ct);

    /// <summary>The ServiceAccount, or null when there is none.</summary>
    Task<JsonObject?> ServiceAccount(string ns, string name, CancellationToken ct);

    /// <summary>A token of the ServiceAccount that ends with the Pod; null when there is no such ServiceAccount.</summary>
    /// <param name="audiences">Empty for the API server itself.</param>
    Task<string?> Token(PodIdentity pod, string serviceAccount, IReadOnlyList<string> audiences, CancellationToken ct);

    /// <summary>Replaces the Pod's status; durable when it returns true. False: that Pod is gone.</summary>
    Task<bool> WriteStatus(PodIdentity pod, JsonObject status, CancellationToken ct);

    /// <summary>The Pod is marked for deletion and nothing of it runs any more: it may go. Done also when it is gone already.</summary>
    Task Finish(PodIdentity pod, CancellationToken ct);
}
