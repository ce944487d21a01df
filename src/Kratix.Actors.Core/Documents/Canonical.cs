using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Core.Documents;

/// <summary>One text for all spellings of a JSON value: keys sorted, no white space. What is digested must not depend on who wrote it.</summary>
public static class Canonical
{
    public static string Text(JsonNode? node) => Encoding.UTF8.GetString(Bytes(node).WrittenSpan);

    public static string DigestOf(JsonNode? node) => Digest.Of(Bytes(node).WrittenSpan);

    private static ArrayBufferWriter<byte> Bytes(JsonNode? node)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, node);
        return buffer;
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject map:
                writer.WriteStartObject();
                foreach (var (name, value) in map.OrderBy(kv => kv.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (var value in list)
                    Write(writer, value);
                writer.WriteEndArray();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
