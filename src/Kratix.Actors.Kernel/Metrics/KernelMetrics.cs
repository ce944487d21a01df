using System.Collections.Concurrent;

namespace Kratix.Actors.Kernel;

/// <summary>Counters of one <see cref="ActorSystem"/> since it started. Reading is cheap and may be done from any thread.</summary>
public sealed class KernelMetrics
{
    private readonly ConcurrentDictionary<Type, ActorTypeMetrics> _byType = new();
    private long _deadLetters;
    private long _overflowed;
    private long _failures;
    private long _restarts;
    private long _messagesFailed;
    private long _logFailures;

    /// <summary>Messages that reached nobody.</summary>
    public long DeadLetters => Volatile.Read(ref _deadLetters);

    /// <summary>Messages dropped by a full mailbox.</summary>
    public long Overflowed => Volatile.Read(ref _overflowed);

    /// <summary>Exceptions thrown by actors.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Instances that replaced a failed one.</summary>
    public long Restarts => Volatile.Read(ref _restarts);

    /// <summary>Messages dropped because handling them, or appending their event, failed. Senders re-issue them.</summary>
    public long MessagesFailed => Volatile.Read(ref _messagesFailed);

    /// <summary>Log events the sink threw at.</summary>
    public long LogFailures => Volatile.Read(ref _logFailures);

    /// <summary>The same, by class of actor.</summary>
    public IReadOnlyCollection<ActorTypeMetrics> ByType => [.. _byType.Values.OrderBy(type => type.Type, StringComparer.Ordinal)];

    internal ActorTypeMetrics Of(Type type) => _byType.GetOrAdd(type, static key => new ActorTypeMetrics(key));

    internal void CountDeadLetter() => Interlocked.Increment(ref _deadLetters);

    internal void CountOverflow() => Interlocked.Increment(ref _overflowed);

    internal void CountFailure() => Interlocked.Increment(ref _failures);

    internal void CountRestart() => Interlocked.Increment(ref _restarts);

    internal void CountMessageFailed() => Interlocked.Increment(ref _messagesFailed);

    internal void CountLogFailure() => Interlocked.Increment(ref _logFailures);
}

/// <summary>Counters of one class of actor.</summary>
public sealed class ActorTypeMetrics
{
    private readonly StripedCounter _messages = new();
    private readonly StripedCounter _processing = new();
    private long _active;
    private long _restarts;
    private long _failures;
    private long _waiting;
    private int _highWater;

    internal ActorTypeMetrics(Type type) => Type = NameOf(type);

    /// <summary>For example <c>ResourceActor</c> or <c>ShardRegion&lt;ResourceCommand&gt;</c>.</summary>
    public string Type { get; }

    /// <summary>Actors alive now.</summary>
    public long Active => Volatile.Read(ref _active);

    public long Restarts => Volatile.Read(ref _restarts);

    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Messages handled.</summary>
    public long Messages => _messages.Sum();

    /// <summary>Time spent in turns.</summary>
    public TimeSpan Processing => new(_processing.Sum());

    /// <summary>Messages that waited when the last turn of each actor ended: behind an append, a back-off, or the turns of others.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    /// <summary>Most messages one actor ever found waiting at the begin of a turn.</summary>
    public int MailboxHighWater => Volatile.Read(ref _highWater);

    internal void Started() => Interlocked.Increment(ref _active);

    internal void Stopped() => Interlocked.Decrement(ref _active);

    internal void Restarted() => Interlocked.Increment(ref _restarts);

    internal void Failed() => Interlocked.Increment(ref _failures);

    internal void Turn(int messages, TimeSpan elapsed)
    {
        _messages.Add(messages);
        _processing.Add(elapsed.Ticks);
    }

    internal void Left(int more) => Interlocked.Add(ref _waiting, more);

    internal void Found(int depth)
    {
        var seen = Volatile.Read(ref _highWater);
        while (depth > seen)
        {
            var before = Interlocked.CompareExchange(ref _highWater, depth, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.Name;
}
