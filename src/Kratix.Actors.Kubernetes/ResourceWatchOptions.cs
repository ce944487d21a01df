namespace Kratix.Actors.Kubernetes;

/// <summary>Bounds of a watch. The waits between attempts grow from <see cref="FirstDelay"/> to <see cref="LongestDelay"/>, doubling, each shortened by up to half at random.</summary>
public sealed record ResourceWatchOptions
{
    /// <summary>How long the server is asked to keep one connection.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A connection on which nothing arrives for this long, not even a bookmark, is taken for dead. Servers send a bookmark about every minute.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>From asking for a stream to its headers.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest event, in bytes; API servers accept objects of at most a few megabytes.</summary>
    public int MaxEventBytes { get; init; } = 16 << 20;

    /// <summary>Signals read ahead of a slow consumer; beyond that, reading from the server waits.</summary>
    public int ReadAhead { get; init; } = 256;

    /// <summary>A number in [0, 1); the spread of the waits.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
