namespace Kratix.Actors.Kernel;

/// <summary>Hashes that are equal in every process and version; <see cref="string.GetHashCode()"/> differs by process.</summary>
internal static class StableHash
{
    /// <summary>FNV-1a, 64 bits, over the UTF-16 code units, low byte first.</summary>
    public static ulong Of(string text)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var unit in text)
        {
            hash = (hash ^ (byte)unit) * 0x100000001B3UL;
            hash = (hash ^ (byte)(unit >> 8)) * 0x100000001B3UL;
        }

        return hash;
    }

    /// <summary>Spreads every input bit over the whole word (the finaliser of MurmurHash3); FNV alone is weak in its low bits.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }
}
