using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Tests;

/// <summary>How the engine stores events and states; records with arrays inside are compared by this text.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static readonly JsonSerializerOptions Readable = new(Stored) { WriteIndented = true, NewLine = "\n" };

    public static string Text<T>(T value) => JsonSerializer.Serialize(value, Stored);

    public static T Again<T>(T value) => JsonSerializer.Deserialize<T>(Text(value), Stored)!;
}
