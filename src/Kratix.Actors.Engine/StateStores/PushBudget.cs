using System.Collections.Concurrent;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>The budgets of this process: one for each repository, whatever the number of its branches and so of its writers.</summary>
internal sealed class PushBudgets(IStateStores stores, Func<string, int?> perMinute, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, PushBudget> _budgets = new(StringComparer.Ordinal);

    /// <summary>By the key, not by the URL as it was written: each spelling of a host has the host's budget. A bucket has no pushes, and no limit.</summary>
    internal PushBudget Of(StateStoreAddress address) =>
        address is GitAddress && stores.KeyOf(address) is Outcome<string>.Done { Value: var key }
            ? _budgets.GetOrAdd(key[..key.LastIndexOf('#')], repository => new PushBudget(perMinute(Uri.TryCreate(repository, UriKind.Absolute, out var url) ? url.Host : ""), time))
            : new PushBudget(null, time);
}

/// <summary>Pushes per minute to one repository: hosts throttle, or block, accounts that push more often.</summary>
/// <remarks>By time that has passed: a clock that is set back keeps nobody waiting.</remarks>
internal sealed class PushBudget(int? perMinute, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WhileUnderWay = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Queue<long> _pushes = new();
    private int _underWay;

    /// <summary>Zero: a push may go, and <see cref="Spent"/> has to follow it. Else how long to wait before asking again.</summary>
    internal TimeSpan Take()
    {
        if (perMinute is not { } limit)
            return TimeSpan.Zero;
        lock (_gate)
        {
            while (_pushes.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Window)
                _pushes.Dequeue();
            if (_pushes.Count + _underWay < limit)
            {
                _underWay++;
                return TimeSpan.Zero;
            }

            return _pushes.TryPeek(out var next) ? Window - time.GetElapsedTime(next) : WhileUnderWay;
        }
    }

    /// <param name="pushes">How many it took in the end; 0 when nothing had changed.</param>
    internal void Spent(int pushes)
    {
        if (perMinute is null)
            return;
        lock (_gate)
        {
            _underWay--;
            for (var i = 0; i < pushes; i++)
                _pushes.Enqueue(time.GetTimestamp());
        }
    }
}
