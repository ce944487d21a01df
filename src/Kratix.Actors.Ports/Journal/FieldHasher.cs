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

    private Span<byte> _buffer;
    private int _used;

    /// <param name="scratch">Where the fields are collected, so that they are hashed in one go; a larger buffer is made when it does not suffice.</param>
    public FieldHasher(Span<byte> scratch) => _buffer = scratch;

    public void Number(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Number(length);
        Encoding.UTF8.GetBytes(text, Room(length));
    }

    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
    }

    /// <summary>Writes the hash to <paramref name="hash"/> (<see cref="Size"/> bytes).</summary>
    public readonly void Finish(Span<byte> hash) => SHA256.HashData(_buffer[.._used], hash);

    private Span<byte> Room(int size)
    {
        if (size > _buffer.Length - _used)
        {
            Span<byte> larger = new byte[Math.Max(2 * _buffer.Length, _used + size)];
            _buffer[.._used].CopyTo(larger);
            _buffer = larger;
        }

        var room = _buffer.Slice(_used, size);
        _used += size;
        return room;
    }
}
