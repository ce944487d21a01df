using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Core;

/// <summary>Content addresses: lower-case hex SHA-256, 64 characters. The same bytes have the same name everywhere in the system.</summary>
public static class Digest
{
    private const int MostOnStack = 1024;

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Digest of several parts; a separator that no part contains keeps ("a","bc") apart from ("ab","c").</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var size = parts.Length;
        foreach (var part in parts)
            size += Encoding.UTF8.GetByteCount(part);
        // In one piece: most are a few names, and a hash that takes them one by one costs more than the hashing.
        var bytes = size <= MostOnStack ? stackalloc byte[size] : new byte[size];
        var used = 0;
        foreach (var part in parts)
        {
            used += Encoding.UTF8.GetBytes(part, bytes[used..]);
            bytes[used++] = 0;
        }

        return Of(bytes);
    }
}
