namespace Kratix.Actors.Engine.Effects;

/// <summary>Pauses between tries of a port call: doubling from the least to the most, or what the other side asked for if that is longer.</summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max)
{
    /// <summary>After this a store is asked again for what it refused: what stood in the way, somebody else's file perhaps, may be gone.</summary>
    internal static readonly TimeSpan AfterRefusal = TimeSpan.FromMinutes(1);

    /// <summary>What was done and answered has been observed after this, or something newer has overtaken it.</summary>
    internal static readonly TimeSpan UntilObserved = TimeSpan.FromSeconds(10);

    private int _failures;

    internal TimeSpan Next(TimeSpan? asked)
    {
        var doubled = min * Math.Pow(2, Math.Min(_failures++, 20));
        var pause = doubled < max ? doubled : max;
        return asked > pause ? asked.Value : pause;
    }

    internal void Reset() => _failures = 0;
}
