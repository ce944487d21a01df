namespace Kratix.Actors.Engine.StateStores;

/// <summary>Pushes per minute to one repository: hosts throttle, or block, accounts that push more often.</summary>
internal sealed class PushBudget(int? perMinute)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly Queue<DateTimeOffset> _pushes = new();

    /// <summary>How long the next push has to wait; zero when it may go now.</summary>
    internal TimeSpan Wait(DateTimeOffset now)
    {
        if (perMinute is not { } limit)
            return TimeSpan.Zero;
        while (_pushes.TryPeek(out var oldest) && now - oldest >= Window)
            _pushes.Dequeue();
        return _pushes.Count < limit ? TimeSpan.Zero : _pushes.Peek() + Window - now;
    }

    internal void Spent(int pushes, DateTimeOffset now)
    {
        for (var i = 0; perMinute is not null && i < pushes; i++)
            _pushes.Enqueue(now);
    }
}
