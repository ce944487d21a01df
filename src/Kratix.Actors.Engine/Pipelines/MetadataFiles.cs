using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>The files of <c>/kratix/metadata</c> that mean something to the engine.</summary>
internal static class MetadataFiles
{
    private const string StatusFile = "status.yaml";
    private const string SelectorsFile = "destination-selectors.yaml";

    /// <summary>Its name of 2023, when entries were wrapped in <c>target:</c>. Both spellings of an entry are read in either file.</summary>
    private const string SchedulingFile = "scheduling.yaml";

    private const string ControlFile = "workflow-control.yaml";

    internal static readonly ImmutableHashSet<string> Known = [StatusFile, SelectorsFile, SchedulingFile, ControlFile];

    /// <summary>What the Pipeline wants of its workflow. Keys that mean nothing are left alone, as the reference leaves them.</summary>
    internal static WorkflowControl? Control(IReadOnlyDictionary<string, string> files)
    {
        if (!files.TryGetValue(ControlFile, out var text) || Parse(ControlFile, text) is not { } document)
            return null;
        var map = document as JsonObject ?? throw Refused("it must hold a map, such as \"suspend: true\"");
        var suspend = map["suspend"] switch
        {
            null => false,
            JsonValue value when value.TryGetValue<bool>(out var yes) => yes,
            var other => throw Refused($"suspend is {other.ToJsonString()}; it must be true or false"),
        };
        TimeSpan? retryAfter = map["retryAfter"]?.ToString() is { Length: > 0 } duration
            ? GoDuration.Parse(duration) ?? throw Refused($"retryAfter is \"{duration}\"; it must be a duration such as 30s, 10m, 1h30m or 1d")
            : null;
        int? maxAttempts = map["maxAttempts"] switch
        {
            null => null,
            var value when int.TryParse(value.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
            var other => throw Refused($"maxAttempts is {other.ToJsonString()}; it must be a whole number, 1 or more"),
        };
        return new WorkflowControl(suspend, retryAfter, map["message"]?.ToString() is { Length: > 0 } message ? message : null, maxAttempts);

        static OutputRefusedException Refused(string why) => new($"/kratix/metadata/{ControlFile}: {why}");
    }

    internal static string? Status(IReadOnlyDictionary<string, string> files)
    {
        if (!files.TryGetValue(StatusFile, out var text))
            return null;
        return Parse(StatusFile, text) switch
        {
            null => null,
            JsonObject status when status.ContainsKey("kratix") =>
                throw new OutputRefusedException("/kratix/metadata/status.yaml: the key \"kratix\" belongs to the platform; choose another"),
            JsonObject { } status when status["conditions"] is not (null or JsonArray) =>
                throw new OutputRefusedException("/kratix/metadata/status.yaml: \"conditions\" must be a list of conditions"),
            JsonObject status => status.ToJsonString(),
            _ => throw new OutputRefusedException("/kratix/metadata/status.yaml must hold a map, such as \"message: ready\""),
        };
    }

    internal static ImmutableArray<SelectorEntry> Selectors(IReadOnlyDictionary<string, string> files, IReadOnlySet<string> directories)
    {
        if (files.ContainsKey(SelectorsFile) && files.ContainsKey(SchedulingFile))
            throw new OutputRefusedException($"/kratix/metadata has both {SelectorsFile} and {SchedulingFile}; keep one");
        var file = files.ContainsKey(SelectorsFile) ? SelectorsFile : SchedulingFile;
        if (!files.TryGetValue(file, out var text) || Parse(file, text) is not { } document)
            return [];
        if (document is not JsonArray list)
            throw new OutputRefusedException($"/kratix/metadata/{file} must hold a list, such as \"- matchLabels: {{environment: dev}}\"");
        var entries = list.Select((item, index) => Entry(file, item, index)).ToImmutableArray();
        foreach (var entry in entries.Where(e => e.Directory != "."))
        {
            if (entry.Directory.Contains('/', StringComparison.Ordinal))
                throw new OutputRefusedException($"/kratix/metadata/{file}: directory \"{entry.Directory}\" is nested; only directories directly in /kratix/output can be scheduled");
            if (!directories.Contains(entry.Directory))
                throw new OutputRefusedException($"/kratix/metadata/{file}: directory \"{entry.Directory}\" does not exist in /kratix/output");
        }

        if (entries.GroupBy(e => e.Directory).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new OutputRefusedException($"/kratix/metadata/{file}: directory \"{twice.Key}\" has two entries");
        return entries;
    }

    private static SelectorEntry Entry(string file, JsonNode? item, int index)
    {
        var map = item as JsonObject ?? throw new OutputRefusedException($"/kratix/metadata/{file}: entry {index} is not a map");
        var labels = map["matchLabels"] as JsonObject ?? (map["target"] as JsonObject)?["matchLabels"] as JsonObject;
        if (labels is null || labels.Count == 0)
            throw new OutputRefusedException($"/kratix/metadata/{file}: entry with index {index} has no selectors (matchLabels)");
        var directory = (map["directory"]?.ToString() ?? "").Trim('/');
        return new SelectorEntry(directory.Length == 0 ? "." : directory, labels.ToImmutableSortedDictionary(l => l.Key, l => l.Value?.ToString() ?? "", StringComparer.Ordinal));
    }

    private static JsonNode? Parse(string file, string text)
    {
        try
        {
            return Yaml.Parse(text);
        }
        catch (YamlFormatException e)
        {
            throw new OutputRefusedException($"/kratix/metadata/{file} line {e.Line}, column {e.Column}: {e.Message}");
        }
    }
}
