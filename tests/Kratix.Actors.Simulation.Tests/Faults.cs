using System.Collections.Concurrent;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>All that goes wrong in a simulated life. A test sees to it that over the seeds of a run each of them happens.</summary>
internal enum Fault
{
    /// <summary>The process is gone between two steps.</summary>
    Crash,

    /// <summary>The same, right after something was done outside, or stored.</summary>
    CrashAfterDeed,

    /// <summary>The process stands still, and another one takes over its journal.</summary>
    Pause,

    /// <summary>A process that was replaced goes on where it stood.</summary>
    Resume,

    /// <summary>A question never arrived.</summary>
    LostQuestion,

    /// <summary>It was done, and nobody heard of it.</summary>
    LostAnswer,

    /// <summary>A question arrived twice; the second answer is heard.</summary>
    DuplicatedQuestion,

    /// <summary>A watch told something twice.</summary>
    DuplicatedSignal,

    /// <summary>An answer came seconds late.</summary>
    LateAnswer,

    /// <summary>An answer was overtaken by that to a later question.</summary>
    ReorderedAnswer,

    /// <summary>The journal could not do it.</summary>
    JournalError,

    /// <summary>The journal did it and could not say so.</summary>
    JournalUnacknowledged,

    /// <summary>The store was away.</summary>
    StoreAway,

    /// <summary>A push took seconds.</summary>
    StoreSlow,

    /// <summary>The store refused one placement of a batch and wrote the others.</summary>
    StoreRefusal,

    /// <summary>The store took no batch with a certain placement in it, and did not say which that is.</summary>
    StoreDeclined,

    /// <summary>Somebody else committed.</summary>
    ForeignCommit,

    /// <summary>Somebody else changed the object that was about to be patched.</summary>
    ApiConflict,

    /// <summary>A watch lost its place and listed anew.</summary>
    WatchGap,

    /// <summary>A watch ended with an exception.</summary>
    WatchBroken,

    ClockForward,
    ClockBack,

    /// <summary>Somebody deleted a Pod.</summary>
    PodDeleted,

    /// <summary>Somebody took the finalizers off an object, which is gone then, and made another of its name.</summary>
    ObjectReplaced,

    /// <summary>A container exited with an error.</summary>
    RunFailed,

    /// <summary>A container exited with an error, and is started again in its Pod.</summary>
    RestartInPlace,

    /// <summary>A Pod failed after its containers were started again in it.</summary>
    FailedAfterRestarts,

    /// <summary>A container was started again in its Pod as often as it may be, and the run was given up.</summary>
    UsedUpInPlace,

    /// <summary>A run failed with no retry left, and a user has to ask for another.</summary>
    GivenUp,

    /// <summary>What hands in was started again after it was heard, and hands in once more.</summary>
    HandedInAgain,

    /// <summary>A Pod ended well, but without handing anything in.</summary>
    RunSilent,
}

/// <summary>How often each fault was played, over all seeds, which are played side by side.</summary>
internal sealed class FaultCounts
{
    private readonly ConcurrentDictionary<Fault, int> _counts = new();

    internal int Of(Fault fault) => _counts.GetValueOrDefault(fault);

    internal void Count(Fault fault) => _counts.AddOrUpdate(fault, 1, (_, n) => n + 1);

    public override string ToString() => string.Join(", ", Enum.GetValues<Fault>().Select(f => $"{f} {Of(f)}"));
}
