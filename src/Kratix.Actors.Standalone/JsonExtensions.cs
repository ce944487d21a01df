using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;

namespace Kratix.Actors.Standalone;

/// <summary>Reading and walking <see cref="JsonNode"/> trees without a cast at every step.</summary>
internal static class JsonExtensions
{
    /// <summary>Bytes go to machines, not into HTML: only what JSON itself demands is escaped.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static JsonBuffer? t_buffer;

    /// <summary>This thread's.</summary>
    public static JsonBuffer ThreadBuffer => t_buffer ??= new JsonBuffer(WriterOptions);

    public static readonly JsonSerializerOptions SerializerOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string AsText(this JsonNode? node) =>
        node is JsonValue v ? v.TryGetValue<string>(out var s) ? s : v.ToJsonString(SerializerOptions) : "";

    public static string Text(this JsonObject o, string name) => o[name].AsText();

    public static string? TextOrNull(this JsonObject o, string name) => o[name] is JsonValue v ? v.AsText() : null;

    public static bool IsTrue(this JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    public static JsonObject? Child(this JsonObject o, string name) => o[name] as JsonObject;

    /// <summary>The child object of that name, made when missing.</summary>
    public static JsonObject Made(this JsonObject o, string name)
    {
        if (o[name] is JsonObject found) return found;
        var made = new JsonObject();
        o[name] = made;
        return made;
    }

    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (node is not JsonObject o) return null;
            node = o[step];
        }
        return node;
    }

    public static JsonValueKind Kind(this JsonNode? node) => node is null ? JsonValueKind.Null : node.GetValueKind();

    public static bool IsString(this JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.String;

    public static byte[] ToUtf8(this JsonNode node)
    {
        var writer = ThreadBuffer.Begin();
        node.WriteTo(writer, SerializerOptions);
        writer.Flush();
        return ThreadBuffer.Written.ToArray();
    }

    public static JsonArray ToJsonArray(this IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);
}
