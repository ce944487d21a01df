using Kratix.Actors.Kernel;

namespace Kratix.Actors.Testing;

/// <summary>
/// Runs everything on the thread of the test and picks what runs next by a seed: the same seed, the same run. While it runs it is also
/// the synchronization context, so that what follows an <c>await</c> in a fake is one more step it picks. Only what is sent to other
/// threads on purpose (<c>Task.Run</c>, real timers) escapes it.
/// </summary>
public sealed class DeterministicDispatcher : IDispatcher
{
    private readonly object _lock = new();
    private readonly List<IThreadPoolWorkItem> _runnable = [];
    private readonly Context _context;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public DeterministicDispatcher(ulong seed)
    {
        Seed = seed;
        Random = new SeededRandom(seed);
        _context = new Context(this);
    }

    public ulong Seed { get; }

    /// <summary>The source of every choice; fakes draw their faults from it, so that the seed decides those too.</summary>
    public SeededRandom Random { get; }

    /// <summary>Things scheduled by another thread than the one that made the dispatcher: their moment is not the seed's.</summary>
    public int FromOtherThreads { get; private set; }

    /// <summary>Steps made so far.</summary>
    public long Steps { get; private set; }

    public void Schedule(IThreadPoolWorkItem item)
    {
        lock (_lock)
        {
            if (Environment.CurrentManagedThreadId != _thread)
                FromOtherThreads++;
            _runnable.Add(item);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>One more thing to be done some time.</summary>
    public void Post(Action action) => Schedule(new Step(action));

    /// <summary>Makes one step. False if there is nothing to do.</summary>
    public bool RunNext()
    {
        IThreadPoolWorkItem item;
        lock (_lock)
        {
            if (_runnable.Count == 0)
                return false;
            var index = Random.Next(_runnable.Count);
            item = _runnable[index];
            _runnable[index] = _runnable[^1];
            _runnable.RemoveAt(_runnable.Count - 1);
        }

        Steps++;
        InContext(item.Execute);
        return true;
    }

    /// <summary>Makes steps until there is nothing to do.</summary>
    /// <param name="limit">More steps than this are taken for a loop that never ends.</param>
    public void RunUntilIdle(int limit = 1_000_000)
    {
        for (var step = 0; RunNext(); step++)
        {
            if (step == limit)
                throw new InvalidOperationException($"still busy after {limit} steps; seed {Seed}");
        }
    }

    /// <summary>Runs a piece of the test as if it were a step, so that its continuations become steps.</summary>
    public void InContext(Action action)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <summary>Makes steps until the task is done, also if it needs another thread on the way.</summary>
    /// <exception cref="TimeoutException">Nothing was left to do and for <paramref name="guard"/> nothing came.</exception>
    public void RunUntilDone(Task task, TimeSpan guard)
    {
        task.ContinueWith(_ => Post(static () => { }), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!task.IsCompleted)
        {
            RunUntilIdle();
            lock (_lock)
            {
                if (_runnable.Count == 0 && !task.IsCompleted && !Monitor.Wait(_lock, guard))
                    throw new TimeoutException($"the task does not end though nothing is left to do; does the clock have to move? seed {Seed}");
            }
        }

        RunUntilIdle();
    }

    private sealed class Step(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    private sealed class Context(DeterministicDispatcher dispatcher) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => dispatcher.Post(() => d(state));

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }
}
