using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Engine.Platform;

/// <summary>Reads the ConfigMap <c>kratix</c>: key <c>config</c>, a YAML document with the keys of Kratix. One wrong value refuses the whole document.</summary>
internal static class PlatformDocument
{
    internal const string Name = "kratix";
    private const string Key = "config";

    /// <summary>Keys of Kratix that have no counterpart here: they are taken and do nothing.</summary>
    private static readonly HashSet<string> WithoutEffect = new(StringComparer.Ordinal)
    {
        "selectiveCache", "controllerLeaderElection", "resourceBindingVersionStrategy", "featureFlags", "stateStoreReconciliationInterval", "git", "telemetry",
        "logging.structured", "workflows.jobOptions.podTTLSecondsAfterFinished",
    };

    /// <exception cref="PlatformRefusedException">With everything that is wrong.</exception>
    internal static PlatformConfiguration Read(JsonObject configMap)
    {
        var text = configMap["data"]?[Key]?.ToString() ?? throw new PlatformRefusedException([$"it has no key {Key}; write data.{Key} with a YAML document, or delete the ConfigMap"]);
        JsonNode? document;
        try
        {
            document = Yaml.Parse(text);
        }
        catch (YamlFormatException broken)
        {
            throw new PlatformRefusedException([$"{Key}, line {broken.Line}: {broken.Message}"]);
        }

        if (document is not (null or JsonObject))
            throw new PlatformRefusedException([$"{Key} is not a map of settings"]);
        return new Reading(document as JsonObject ?? []).All();
    }

    private sealed class Reading(JsonObject document)
    {
        private readonly List<string> _problems = [];
        private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
        private readonly HashSet<string> _known = new(WithoutEffect, StringComparer.Ordinal);

        internal PlatformConfiguration All()
        {
            var read = new PlatformConfiguration
            {
                ReconcileInterval = Value<TimeSpan>(
                    "reconciliationInterval", "kratix.reconcile.interval", "a duration of at least 1m, such as 10h", v => Duration(v) is { TotalMinutes: >= 1 } interval ? interval : null),
                ReconcileAfterFailure = Value<bool>("workflows.reconcileAfterFailure", "kratix.reconcile.after-failure", "true or false", v => v is "true" ? true : v is "false" ? false : null),
                JobsToKeep = Value("numberOfJobsToKeep", "kratix.workflows.jobs-to-keep", "a whole number from 1 to 1000", v => Number(v, 1, 1000)),
                BackoffLimit = Value("workflows.jobOptions.defaultBackoffLimit", "kratix.workflows.backoff-limit", "a whole number from 0 to 100", v => Number(v, 0, 100)),
                DefaultImagePullPolicy = Text("workflows.defaultImagePullPolicy", "kratix.workflows.default-image-pull-policy", "Always", "IfNotPresent", "Never"),
                DefaultContainerResources = Map("workflows.defaultContainerResources", "kratix.workflows.default-container-resources", "limits", "requests", "claims"),
                DefaultSecurityContext = Map("workflows.defaultContainerSecurityContext", "kratix.workflows.default-container-security-context"),
                LogLevel = Text("logging.level", "kratix.log.level", "trace", "debug", "info", "warn", "warning", "error") switch
                {
                    "trace" => "debug",
                    "warn" => "warning",
                    var level => level,
                },
            };
            if (_problems.Count > 0)
                throw new PlatformRefusedException(_problems);
            return read with { Values = _values, WithoutEffect = [.. Leaves(document, "").Where(IsIdle).Order(StringComparer.Ordinal)] };
        }

        private T? Value<T>(string path, string setting, string right, Func<string, T?> parse)
            where T : struct
        {
            if (At(path) is not { } node)
                return null;
            if (node is JsonValue && parse(node.ToString()) is { } value)
            {
                _values[setting] = node.ToString();
                return value;
            }

            _problems.Add($"{path} is {node.ToJsonString()}; write {right}");
            return null;
        }

        private string? Text(string path, string setting, params string[] choices)
        {
            if (At(path) is not { } node)
                return null;
            if (node is JsonValue && choices.Contains(node.ToString()))
                return _values[setting] = node.ToString();
            _problems.Add($"{path} is {node.ToJsonString()}; write one of {string.Join(", ", choices)}");
            return null;
        }

        /// <param name="keys">Those it may have; none given: any.</param>
        private JsonObject? Map(string path, string setting, params string[] keys)
        {
            if (At(path) is not { } node)
                return null;
            if (node is JsonObject map && (keys.Length == 0 || map.All(kv => keys.Contains(kv.Key) && kv.Value is JsonObject or JsonArray)))
            {
                _values[setting] = map.ToJsonString();
                return map.Count == 0 ? null : map.DeepClone().AsObject();
            }

            _problems.Add($"{path} is {node.ToJsonString()}; write a map{(keys.Length == 0 ? "" : $" with {string.Join(", ", keys)}, each a map")}");
            return null;
        }

        private JsonNode? At(string path)
        {
            _known.Add(path);
            JsonNode? node = document;
            foreach (var name in path.Split('.'))
            {
                if (node is not JsonObject map)
                    return null;
                node = map[name];
            }

            return node;
        }

        private bool IsIdle(string path) =>
            WithoutEffect.Any(idle => path == idle || path.StartsWith(idle + ".", StringComparison.Ordinal))
            || !_known.Any(known => path == known || path.StartsWith(known + ".", StringComparison.Ordinal));

        private static IEnumerable<string> Leaves(JsonObject map, string prefix) => map.SelectMany(kv =>
            kv.Value is JsonObject { Count: > 0 } inner ? Leaves(inner, $"{prefix}{kv.Key}.") : [prefix + kv.Key]);

        private static TimeSpan? Duration(string text) => GoDuration.Parse(text);

        private static int? Number(string text, int min, int max) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null;
    }
}

/// <summary>The document cannot be used; the message says why, all of it.</summary>
internal sealed class PlatformRefusedException(IReadOnlyList<string> problems) : Exception(string.Join("; ", problems));
