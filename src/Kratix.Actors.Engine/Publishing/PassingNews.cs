namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// How long news may wait that the next moment mostly makes old: that a Pipeline runs, that a push is under way. A second where little happens; in a storm longer, since
/// what thousands of requests would tell on their way costs the API server what it needs for their ends.
/// </summary>
internal sealed class PassingNews
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    /// <summary>So that at most a hundred a second are told.</summary>
    private static readonly TimeSpan ForEach = TimeSpan.FromMilliseconds(10);

    private int _underWay;

    internal TimeSpan Patience => TimeSpan.FromTicks(Math.Clamp(ForEach.Ticks * Volatile.Read(ref _underWay), Least.Ticks, Most.Ticks));

    /// <summary>Another request is on its way.</summary>
    internal void Begin() => Interlocked.Increment(ref _underWay);

    /// <summary>It has arrived, or stays where it is for a while.</summary>
    internal void End() => Interlocked.Decrement(ref _underWay);
}
