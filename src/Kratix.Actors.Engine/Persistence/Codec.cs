using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Engine.Persistence;

/// <summary>How states and events are written: JSON with camelCase names and words for enums. Readable for ever, so it only ever grows.</summary>
public static class Codec
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowOutOfOrderMetadataProperties = true,
    };

    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    public static T Read<T>(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException($"the stored {typeof(T).Name} is null");
}
