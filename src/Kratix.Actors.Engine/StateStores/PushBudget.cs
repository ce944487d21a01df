namespace Kratix.Actors.Engine.StateStores;

/// <summary>Pushes per minute to one repository: hosts throttle, or block, accounts that push more often.</summary>
/// <remarks>By time that has passed: a clock that is set back keeps nobody waiting.</remarks>
internal sealed class PushBudget(int? perMinute, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly Queue<long> _pushes = new();

    /// <summary>How long the next push has to wait; zero when it may go now.</summary>
    internal TimeSpan Wait()
    {
        if (perMinute is not { } limit)
            return TimeSpan.Zero;
        while (_pushes.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Window)
            _pushes.Dequeue();
        return _pushes.Count < limit ? TimeSpan.Zero : Window - time.GetElapsedTime(_pushes.Peek());
    }

    internal void Spent(int pushes)
    {
        for (var i = 0; perMinute is not null && i < pushes; i++)
            _pushes.Enqueue(time.GetTimestamp());
    }
}
