using System.Buffers.Binary;
using System.Text;

namespace Kratix.Actors.Standalone.OpenApi;

/// <summary>The four wire shapes of protobuf that an OpenAPI document needs.</summary>
#pragma warning disable CA1001 // a MemoryStream holds nothing but memory
internal sealed class ProtoWriter
{
    private readonly MemoryStream _out = new();

    public byte[] ToArray() => _out.ToArray();

    public ProtoWriter Text(int field, string? text)
    {
        if (!string.IsNullOrEmpty(text)) Bytes(field, Encoding.UTF8.GetBytes(text));
        return this;
    }

    public ProtoWriter Message(int field, ProtoWriter message)
    {
        Bytes(field, message.ToArray());
        return this;
    }

    public ProtoWriter Flag(int field, bool value)
    {
        if (value) Number(field, 1);
        return this;
    }

    public ProtoWriter Number(int field, long value)
    {
        Varint((ulong)(field << 3));
        Varint((ulong)value);
        return this;
    }

    public ProtoWriter Real(int field, double value)
    {
        Varint((ulong)((field << 3) | 1));
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _out.Write(bytes);
        return this;
    }

    private void Bytes(int field, byte[] bytes)
    {
        Varint((ulong)((field << 3) | 2));
        Varint((ulong)bytes.Length);
        _out.Write(bytes);
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _out.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }
        _out.WriteByte((byte)value);
    }
}
