namespace Kratix.Actors.Testing;

/// <summary>SplitMix64: a few lines that give the same numbers for a seed on every machine and version.</summary>
public sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(below, 1);
        return (int)(Next() % (ulong)below);
    }

    /// <summary>True once in <paramref name="inHowMany"/> on average.</summary>
    public bool OneIn(int inHowMany) => Next(inHowMany) == 0;
}
