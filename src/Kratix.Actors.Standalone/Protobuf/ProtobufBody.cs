using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Protobuf;

/// <summary>
/// A request body in Kubernetes' protobuf envelope, turned into the JSON object it stands for. Current kubectl writes the kinds it knows this
/// way and does not fall back. Answers are JSON, which it accepts.
/// </summary>
internal static class ProtobufBody
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <exception cref="InvalidDataException">Not such an envelope, a kind that is not read in this form, or a field unknown here.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic)) throw new InvalidDataException("the body does not begin with the prefix of Kubernetes' protobuf");
        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = [];
        var envelope = new ProtoReader(body[Magic.Length..]);
        while (envelope.Read())
        {
            if (envelope.Field == 2) raw = envelope.Bytes;
            if (envelope.Field != 1) continue;
            var type = new ProtoReader(envelope.Bytes);
            while (type.Read())
            {
                if (type.Field == 1) apiVersion = type.Text;
                if (type.Field == 2) kind = type.Text;
            }
        }
        var name = kind == "DeleteOptions" ? kind : $"{apiVersion}/{kind}";
        var o = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        foreach (var (field, value) in Message(raw, name)) o[field] = value?.DeepClone();
        return o;
    }

    private static JsonObject Message(ReadOnlySpan<byte> bytes, string name)
    {
        var fields = MessageTypes.Find(name) ?? throw new InvalidDataException($"{name} is not read in this form; send JSON");
        var message = new JsonObject();
        var reader = new ProtoReader(bytes);
        while (reader.Read())
        {
            // Ignoring what is not known would store less than the user asked for.
            if (!fields.TryGetValue(reader.Field, out var field))
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"field {reader.Field} of {name} is not known here; send JSON"));
            if (field.IsMap) Entry(message, field, reader.Bytes);
            else if (field.IsList) List(message, field.Name).Add(Value(ref reader, field, name));
            else if (Value(ref reader, field, name) is { } value && (field.KeepsZero || !IsZero(value))) message[field.Name] = value;
        }
        return name == "FieldsV1" ? message.Child("raw") ?? [] : message;
    }

    private static JsonNode? Value(ref ProtoReader reader, MessageField field, string message) => field.Type switch
    {
        "string" => reader.Text,
        "bytes" => Convert.ToBase64String(reader.Bytes),
        "int" => reader.Number,
        "bool" => reader.Number != 0,
        "time" => Time(reader.Bytes, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        "microtime" => Time(reader.Bytes, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
        "json" => JsonNode.Parse(reader.Bytes),
        _ when reader.Bytes.IsEmpty => null,
        _ => Message(reader.Bytes, field.Type),
    };

    private static void Entry(JsonObject message, MessageField field, ReadOnlySpan<byte> bytes)
    {
        var (key, value) = ("", "");
        var reader = new ProtoReader(bytes);
        while (reader.Read())
        {
            if (reader.Field == 1) key = reader.Text;
            if (reader.Field == 2) value = field.Type == "bytes" ? Convert.ToBase64String(reader.Bytes) : reader.Text;
        }
        message.Made(field.Name)[key] = value;
    }

    private static JsonArray List(JsonObject message, string name)
    {
        if (message[name] is JsonArray found) return found;
        var made = new JsonArray();
        message[name] = made;
        return made;
    }

    private static bool IsZero(JsonNode value) => value switch
    {
        JsonObject o => o.Count == 0,
        _ => value.ToJsonString() is "\"\"" or "0" or "false",
    };

    private static string Time(ReadOnlySpan<byte> bytes, string format)
    {
        var (seconds, nanos) = (0L, 0L);
        var reader = new ProtoReader(bytes);
        while (reader.Read())
        {
            if (reader.Field == 1) seconds = reader.Number;
            if (reader.Field == 2) nanos = reader.Number;
        }
        if (bytes.IsEmpty) return "";
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100).UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
    }
}
