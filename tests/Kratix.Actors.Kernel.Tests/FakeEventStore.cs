namespace Kratix.Actors.Kernel.Tests;

/// <summary>A journal in memory that can be held, broken, and taken over by another owner.</summary>
internal sealed class FakeEventStore<TState, TEvent> : IEventStore<TState, TEvent>
{
    private readonly Dictionary<string, (TState State, long Sequence)> _rows = [];
    private readonly Queue<TaskCompletionSource> _held = new();

    public List<Append<TState, TEvent>> Events { get; } = [];

    /// <summary>Current epoch of every shard.</summary>
    public long Epoch { get; set; } = 1;

    public bool Hold { get; set; }

    /// <summary>Asked before each operation; what it returns is thrown.</summary>
    public Func<string, Exception?> Fault { get; set; } = _ => null;

    public bool ThrowSynchronously { get; set; }

    public int Waiting => _held.Count;

    public void Release() => _held.Dequeue().SetResult();

    public void Put(string entityId, TState state, long sequence) => _rows[entityId] = (state, sequence);

    public long SequenceOf(string entityId) => _rows.GetValueOrDefault(entityId).Sequence;

    public Task<Recovered<TState>> Recover(string entityId, CancellationToken ct) => Do("recover", () =>
        _rows.TryGetValue(entityId, out var row) ? new Recovered<TState>(row.State, row.Sequence) : new Recovered<TState>(default, 0));

    public Task<AppendOutcome> Append(Append<TState, TEvent> append, CancellationToken ct) => Do("append", () =>
    {
        if (append.Epoch != Epoch)
            return AppendOutcome.Fenced;
        if (SequenceOf(append.EntityId) != append.ExpectedSequence)
            return AppendOutcome.SequenceConflict;
        _rows[append.EntityId] = (append.StateAfter, append.ExpectedSequence + 1);
        Events.Add(append);
        return AppendOutcome.Appended;
    });

    private Task<T> Do<T>(string operation, Func<T> work)
    {
        if (Fault(operation) is { } fault)
            return ThrowSynchronously ? throw fault : Task.FromException<T>(fault);
        return Hold ? Held(work) : Task.FromResult(work());
    }

    private async Task<T> Held<T>(Func<T> work)
    {
        var gate = new TaskCompletionSource();
        _held.Enqueue(gate);
        await gate.Task;
        return work();
    }
}
