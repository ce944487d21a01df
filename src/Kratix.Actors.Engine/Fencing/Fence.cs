using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Fencing;

/// <summary>
/// Whether this engine still owns the shards it took. The journal refuses what a replaced owner appends, in the same transaction; the API server and
/// the state stores know nothing of epochs, so whoever writes there asks first.
/// </summary>
/// <remarks>
/// How a replaced engine could write all the same, and why it does not: (1) it asks, and is told that it owns; (2) its process is paused, for seconds or
/// for days; (3) another engine takes the shards and goes on; (4) the first one wakes up, and next comes the write. So an answer counts for
/// <see cref="GoodFor"/> from the moment it was asked for, by a clock that a pause does not stop, and it is looked at right before the write.
/// What is left is a pause between that look and the sending, and a successor that begins within <see cref="GoodFor"/>.
/// </remarks>
internal sealed class Fence
{
    /// <summary>One question to the journal in this while, however many writes; and as long a pause is noticed.</summary>
    internal static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    private readonly IJournal _journal;
    private readonly TimeProvider _time;
    private readonly IReadOnlyDictionary<int, long> _taken;
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _heldAt;

    private Fence(IJournal journal, TimeProvider time, IReadOnlyDictionary<int, long> taken, long askedAt)
    {
        _journal = journal;
        _time = time;
        _taken = taken;
        _heldAt = askedAt;
    }

    /// <summary>Completes when another engine has taken a shard of this one.</summary>
    internal Task Lost => _lost.Task;

    /// <summary>The epochs of the shards this engine took.</summary>
    internal IReadOnlyDictionary<int, long> Taken => _taken;

    /// <summary>Takes the shards.</summary>
    internal static async Task<Fence> Take(IJournal journal, TimeProvider time, int shards, string owner, CancellationToken cancellation)
    {
        var asked = time.GetTimestamp();
        return new Fence(journal, time, await journal.TakeShards([.. Enumerable.Range(0, shards)], owner, cancellation), asked);
    }

    /// <summary>The journal has refused an append for its epoch.</summary>
    internal void Trip() => _lost.TrySetResult();

    /// <summary>Does it while this engine owns its shards. Afterwards, or when the journal cannot say, the answer is transient.</summary>
    internal async Task<Outcome<T>> Pass<T>(Func<Task<Outcome<T>>> deed)
    {
        while (!_lost.Task.IsCompleted)
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _heldAt)) < GoodFor)
                return await deed();
            try
            {
                await Ask();
            }
            catch (JournalException cause)
            {
                return new Outcome<T>.Transient($"the journal cannot say whether this engine still owns its shards: {cause.Message}");
            }
        }

        return new Outcome<T>.Transient("another engine has taken the shards of this one, which may write nothing any more");
    }

    private async Task Ask()
    {
        var asked = _time.GetTimestamp();
        var now = await _journal.Epochs(CancellationToken.None);
        if (_taken.Any(shard => now.GetValueOrDefault(shard.Key) != shard.Value))
            Trip();
        else
            Volatile.Write(ref _heldAt, asked);
    }
}
