namespace Kratix.Actors.StateStores.Bucket;

/// <summary>How this node talks to buckets.</summary>
public sealed record BucketStateStoresOptions
{
    /// <summary>A request that takes longer is given up.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often one request is repeated at once, before the batch is handed back as transient.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Requests of one batch that are under way together.</summary>
    public int Parallel { get; init; } = 16;

    /// <summary>Objects listed, or deleted, by one request; the protocol's most is 1000.</summary>
    public int PageSize { get; init; } = 1000;
}
