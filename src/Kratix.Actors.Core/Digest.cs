using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Core;

/// <summary>Content addresses: lower-case hex SHA-256, 64 characters. The same bytes have the same name everywhere in the system.</summary>
public static class Digest
{
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Digest of several parts; a separator that no part contains keeps ("a","bc") apart from ("ab","c").</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
