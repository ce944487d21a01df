namespace Kratix.Actors.Core.Workflows;

/// <summary>
/// How often and how long apart a failing Pipeline is tried: <paramref name="Limit"/> retries after the first attempt,
/// <paramref name="Min"/> doubled each time up to <paramref name="Max"/>, each delay lengthened by up to half of itself by jitter.
/// </summary>
public sealed record RetrySchedule(int Limit, TimeSpan Min, TimeSpan Max)
{
    /// <summary>The delay after failed attempt number <paramref name="attempt"/> (from 1), or null to give up. <paramref name="jitter"/> is in [0, 1).</summary>
    public TimeSpan? DelayAfter(int attempt, int? limit, double jitter)
    {
        if (attempt > (limit ?? Limit))
            return null;
        var doubled = Min * Math.Pow(2, Math.Min(attempt - 1, 30));
        var bounded = doubled < Max ? doubled : Max;
        return bounded * (1 + (jitter / 2));
    }
}
