using System.Buffers.Binary;
using System.Text;

namespace Kratix.Actors.StateStores.Git;

/// <summary>What can be told of a private key before it is used; ssh itself passes over a key that it cannot read, and says only that access was denied.</summary>
internal static class SshKey
{
    // The one format of ssh-keygen's: this word, then the name of the cipher with its length before it.
    private static readonly byte[] Magic = [.. "openssh-key-v1"u8, 0];

    /// <summary>Null when nothing speaks against it. Says nothing of the key.</summary>
    public static string? Problem(string key)
    {
        var lines = key.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 3 || !lines[0].StartsWith("-----BEGIN ", StringComparison.Ordinal) || !lines[0].EndsWith("PRIVATE KEY-----", StringComparison.Ordinal))
            return "the Secret's sshPrivateKey is no private key; its value is the whole file that ssh-keygen wrote, first and last line included";
        return lines[0].Contains("ENCRYPTED", StringComparison.Ordinal) || lines[1].EndsWith("ENCRYPTED", StringComparison.Ordinal) || IsLocked(string.Concat(lines[1..^1]))
            ? "the Secret's sshPrivateKey is locked by a passphrase, which nobody is there to type; take a key without one (ssh-keygen -p removes it)"
            : null;
    }

    private static bool IsLocked(string base64)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length) || length < Magic.Length + 8 || !bytes.AsSpan().StartsWith(Magic))
            return false;
        var rest = bytes.AsSpan(Magic.Length, length - Magic.Length);
        var cipher = rest[4..][..(int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(rest), (uint)rest.Length - 4)];
        return Encoding.ASCII.GetString(cipher) != "none";
    }
}
