namespace Kratix.Actors.Kernel;

/// <summary>
/// What happens to an actor that throws. The message it was handling is dropped, counted and logged; the others wait in its mailbox.
/// </summary>
public abstract record SupervisorStrategy
{
    private SupervisorStrategy()
    {
    }

    /// <summary>Restart after 100 ms, doubling to 30 s, for ever.</summary>
    public static SupervisorStrategy Default { get; } = new Restart(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30));

    /// <summary>
    /// A new instance takes over name, address and mailbox after a pause that doubles from <paramref name="MinBackoff"/> to
    /// <paramref name="MaxBackoff"/>. Children, timers, watches and behaviour belong to the old instance and go with it; stashed messages
    /// return to the front of the mailbox.
    /// </summary>
    public sealed record Restart(TimeSpan MinBackoff, TimeSpan MaxBackoff) : SupervisorStrategy
    {
        /// <summary>Restarts allowed without a quiet <see cref="Window"/> between them; then the actor stops. <c>null</c> for no limit.</summary>
        public int? MaxRestarts { get; init; }

        /// <summary>After running this long without a failure the pause and the count begin anew.</summary>
        /// <value>One minute.</value>
        public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

        /// <summary>Share of the pause, 0 to 1, by which it may be shortened, so that actors that failed together do not return together.</summary>
        /// <value>0.2</value>
        public double Jitter { get; init; } = 0.2;

        /// <summary>Enters the hash that picks the jitter, with the actor's path and the number of the restart; the same run waits the same.</summary>
        public ulong JitterSeed { get; init; }

        /// <summary>The pause before restart number <paramref name="attempt"/> (the first is 1) of the actor at <paramref name="path"/>.</summary>
        public TimeSpan Backoff(string path, int attempt)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
            var doubled = MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 60));
            var pause = Math.Min(doubled, MaxBackoff.TotalMilliseconds);
            var hash = StableHash.Mix(StableHash.Of(path) ^ JitterSeed ^ ((ulong)attempt * 0x9E3779B97F4A7C15UL));
            var unit = (hash >> 11) * (1.0 / (1UL << 53));
            return TimeSpan.FromMilliseconds(pause * (1 - (Jitter * unit)));
        }
    }

    /// <summary>The actor stops; who watches it is told.</summary>
    public sealed record Stop : SupervisorStrategy;

    /// <summary>The failure becomes the parent's. Above a top-level actor there is nobody: it stops.</summary>
    public sealed record Escalate : SupervisorStrategy;
}
