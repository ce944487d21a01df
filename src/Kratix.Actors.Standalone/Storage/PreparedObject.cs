using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>
/// An object serialised with a hole where its resource version goes. The version is known only to the single writer, at the moment of the
/// write; the hole lets it be stamped by copying bytes, so all serialisation happens on the callers' threads.
/// </summary>
internal sealed class PreparedObject
{
    private readonly byte[] _json;
    private readonly int _hole;

    private PreparedObject(byte[] json, int hole) => (_json, _hole) = (json, hole);

    public static PreparedObject Of(JsonObject o)
    {
        var buffer = JsonExtensions.ThreadBuffer;
        var writer = buffer.Begin();
        writer.WriteStartObject();
        writer.WriteString("apiVersion"u8, o.Text("apiVersion"));
        writer.WriteString("kind"u8, o.Text("kind"));
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("resourceVersion"u8, "");
        var hole = (int)(writer.BytesCommitted + writer.BytesPending) - 1;
        WriteRest(writer, o.Child("metadata") ?? [], static name => name is "resourceVersion");
        writer.WriteEndObject();
        WriteRest(writer, o, static name => name is "apiVersion" or "kind" or "metadata");
        writer.WriteEndObject();
        writer.Flush();
        return new PreparedObject(buffer.Written.ToArray(), hole);
    }

    public byte[] Stamp(long version)
    {
        Span<byte> digits = stackalloc byte[20];
        version.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
        var stamped = new byte[_json.Length + length];
        _json.AsSpan(0, _hole).CopyTo(stamped);
        digits[..length].CopyTo(stamped.AsSpan(_hole));
        _json.AsSpan(_hole).CopyTo(stamped.AsSpan(_hole + length));
        return stamped;
    }

    public override string ToString() => Encoding.UTF8.GetString(_json);

    private static void WriteRest(Utf8JsonWriter writer, JsonObject o, Func<string, bool> skip)
    {
        foreach (var (name, value) in o)
        {
            if (skip(name)) continue;
            writer.WritePropertyName(name);
            if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer, JsonExtensions.SerializerOptions);
        }
    }
}
