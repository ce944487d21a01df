using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Ports.Journal;

/// <summary>
/// SHA-256 over a list of fields. Numbers are 8 bytes little-endian; texts (UTF-8) and bytes are preceded by their length in bytes,
/// so that no two lists of fields have one encoding. The encoding is frozen: stored hashes depend on it.
/// </summary>
public ref struct FieldHasher
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private readonly IncrementalHash _sha;
    private readonly Span<byte> _buffer;
    private int _used;

    /// <param name="scratch">Collects short fields, because a call into the hash function costs more than hashing a few bytes. At least 64 bytes.</param>
    public FieldHasher(Span<byte> scratch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scratch.Length, 64);
        _buffer = scratch;
        _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    public void Number(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Raw(bytes);
    }

    public void Text(string text)
    {
        var start = _used + sizeof(long);
        if (Encoding.UTF8.GetMaxByteCount(text.Length) > _buffer.Length - start)
        {
            Bytes(Encoding.UTF8.GetBytes(text));
            return;
        }

        var length = Encoding.UTF8.GetBytes(text, _buffer[start..]);
        BinaryPrimitives.WriteInt64LittleEndian(_buffer[_used..], length);
        _used = start + length;
    }

    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        Raw(bytes);
    }

    /// <summary>Writes the hash to <paramref name="hash"/> (<see cref="Size"/> bytes) and ends the use.</summary>
    public void Finish(Span<byte> hash)
    {
        Flush();
        _sha.GetHashAndReset(hash);
        _sha.Dispose();
    }

    private void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _used)
            Flush();
        if (bytes.Length > _buffer.Length)
        {
            _sha.AppendData(bytes);
            return;
        }

        bytes.CopyTo(_buffer[_used..]);
        _used += bytes.Length;
    }

    private void Flush()
    {
        _sha.AppendData(_buffer[.._used]);
        _used = 0;
    }
}
