using System.Text.Json;
using Kratix.Actors.Engine.Platform;

namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// What the running engine has taken from the platform's ConfigMap, written into the data folder so that <c>config show</c> can tell it without asking anybody.
/// </summary>
/// <param name="Values">The engine's keys and their values as written in the ConfigMap.</param>
/// <param name="Refused">Why the ConfigMap as it is now is not used; null where it is.</param>
public sealed record PlatformFile(IReadOnlyDictionary<string, string> Values, string? Refused)
{
    public const string Source = "ConfigMap kratix-platform-system/kratix";
    private const string Name = "platform-config.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Whole or not at all: <c>config show</c> may be reading it.</summary>
    internal static void Write(string dataFolder, PlatformReport report)
    {
        var path = Path.Combine(dataFolder, Name);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(new PlatformFile(report.Holds.Values, report.Refused), Json));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Null where no engine has written one, or what is there cannot be read.</summary>
    internal static PlatformFile? Read(string dataFolder)
    {
        var path = Path.Combine(Path.GetFullPath(dataFolder), Name);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<PlatformFile>(File.ReadAllText(path), Json) : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The settings with what the ConfigMap says in the place of what it overrides.</summary>
    internal IReadOnlyList<EffectiveSetting> Over(IReadOnlyList<EffectiveSetting> settings) =>
        [.. settings.Select(s => Values.TryGetValue(s.Key, out var value) ? new EffectiveSetting(s.Key, value, Source) : s)];
}
