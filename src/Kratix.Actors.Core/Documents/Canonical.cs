using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Core.Documents;

/// <summary>One text for all spellings of a JSON value: keys sorted, no white space. What is digested must not depend on who wrote it.</summary>
public static class Canonical
{
    [ThreadStatic]
    private static JsonBuffer? t_buffer;

    public static string Text(JsonNode? node) => Encoding.UTF8.GetString(Bytes(node));

    /// <summary>The same as UTF-8.</summary>
    public static byte[] Utf8(JsonNode? node) => Bytes(node).ToArray();

    public static string DigestOf(JsonNode? node) => Digest.Of(Bytes(node));

    private static ReadOnlySpan<byte> Bytes(JsonNode? node)
    {
        var buffer = t_buffer ??= new JsonBuffer(default);
        var writer = buffer.Begin();
        Write(writer, node);
        writer.Flush();
        return buffer.Written;
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
                foreach (var (name, value) in Sorted(map))
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

    private static KeyValuePair<string, JsonNode?>[] Sorted(JsonObject map)
    {
        var entries = map.ToArray();
        Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return entries;
    }
}
