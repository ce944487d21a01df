namespace Kratix.Actors.Kernel;

/// <summary>A counter every turn adds to. Threads add to cells of their own, a cache line apart, so that counting does not serialise them.</summary>
internal sealed class StripedCounter
{
    private const int Stripes = 8;
    private const int LongsPerCacheLine = 8;
    private readonly long[] _cells = new long[(Stripes + 1) * LongsPerCacheLine];

    public void Add(long value)
    {
        var stripe = (Environment.CurrentManagedThreadId & (Stripes - 1)) + 1;
        Interlocked.Add(ref _cells[stripe * LongsPerCacheLine], value);
    }

    public long Sum()
    {
        var sum = 0L;
        for (var stripe = 1; stripe <= Stripes; stripe++)
            sum += Volatile.Read(ref _cells[stripe * LongsPerCacheLine]);
        return sum;
    }
}
