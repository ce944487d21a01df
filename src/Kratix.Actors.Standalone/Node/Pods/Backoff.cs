namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>Waiting times that double up to a limit.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan limit)
{
    private TimeSpan _next = first;

    public TimeSpan Next()
    {
        var now = _next;
        _next = now * 2 < limit ? now * 2 : limit;
        return now;
    }
}
