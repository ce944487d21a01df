namespace Kratix.Actors.Kubernetes;

/// <summary>Bounds of the client. A watch is not a call: it takes no place among <see cref="MaxInFlight"/>.</summary>
public sealed record KubernetesClientOptions
{
    /// <summary>Under which name the server remembers who set a field.</summary>
    public string FieldManager { get; init; } = "kratix-actors";

    /// <summary>From sending to the last byte of the answer.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Objects in one answer of a listing.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Calls under way at once; further callers wait.</summary>
    public int MaxInFlight { get; init; } = 64;

    /// <summary>Most that is kept of a container's log, its end, in bytes.</summary>
    public int MaxLogBytes { get; init; } = 1 << 20;
}
