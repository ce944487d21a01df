namespace Kratix.Actors.Journal.Sqlite;

/// <summary>One caller's write, waiting for its transaction.</summary>
internal abstract class WriteJob(long bytes, CancellationToken cancellation)
{
    public long Bytes { get; } = bytes;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>
    /// Does the work inside the transaction and keeps its answer. May run twice, when a transaction is rolled back and its jobs get one each.
    /// </summary>
    public abstract void Run(JournalTables tables);

    /// <summary>The transaction is durable: hand out the answer.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception why);

    public abstract void Cancel();
}

internal sealed class WriteJob<T>(Func<JournalTables, T> work, long bytes, CancellationToken cancellation) : WriteJob(bytes, cancellation)
{
    // The writer's thread must never run its callers' continuations.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _answer;

    public Task<T> Done => _done.Task;

    public override void Run(JournalTables tables) => _answer = work(tables);

    public override void Complete() => _done.TrySetResult(_answer!);

    public override void Fail(Exception why) => _done.TrySetException(why);

    public override void Cancel() => _done.TrySetCanceled(Cancellation);
}
