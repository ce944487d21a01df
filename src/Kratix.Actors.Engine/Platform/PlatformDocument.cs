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
        "selectiveCache", "controllerLeaderElection", "resourceBindingVersionStrategy", "featureFlags", "git",
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
                StateStoreInterval = Value<TimeSpan>(
                    "stateStoreReconciliationInterval", "kratix.reconcile.state-store-interval", "a duration of at least 1m, such as 10h, or 0",
                    v => v == "0" ? TimeSpan.Zero : Duration(v) is { } interval && (interval == TimeSpan.Zero || interval.TotalMinutes >= 1) ? interval : null),
                ReconcileAfterFailure = Value<bool>("workflows.reconcileAfterFailure", "kratix.reconcile.after-failure", "true or false", Truth),
                JobsToKeep = Value("numberOfJobsToKeep", "kratix.workflows.jobs-to-keep", "a whole number from 1 to 1000", v => Number(v, 1, 1000)),
                BackoffLimit = Value("workflows.jobOptions.defaultBackoffLimit", "kratix.workflows.backoff-limit", "a whole number from 0 to 100", v => Number(v, 0, 100)),
                PodTtl = Value<TimeSpan>(
                    "workflows.jobOptions.podTTLSecondsAfterFinished", "kratix.workflows.pod-ttl", "a whole number of seconds, 1 or more",
                    v => Number(v, 1, int.MaxValue) is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
                DefaultImagePullPolicy = Text("workflows.defaultImagePullPolicy", "kratix.workflows.default-image-pull-policy", "Always", "IfNotPresent", "Never"),
                DefaultContainerResources = Map("workflows.defaultContainerResources", "kratix.workflows.default-container-resources", "limits", "requests", "claims"),
                DefaultSecurityContext = Map("workflows.defaultContainerSecurityContext", "kratix.workflows.default-container-security-context"),
                LogLevel = Text("logging.level", "kratix.log.level", "trace", "debug", "info", "warn", "warning", "error") switch
                {
                    "trace" => "debug",
                    "warn" => "warning",
                    var level => level,
                },
                StructuredLog = Value<bool>("logging.structured", "kratix.log.format", "true or false", Truth),
                Telemetry = Telemetry(),
            };
            if (_problems.Count > 0)
                throw new PlatformRefusedException(_problems);
            return read with { Values = _values, WithoutEffect = [.. Leaves(document, "").Where(IsIdle).Order(StringComparer.Ordinal)] };
        }

        /// <param name="setting">Ours in which the value is; null: in none of its own.</param>
        private T? Value<T>(string path, string? setting, string right, Func<string, T?> parse)
            where T : struct
        {
            if (At(path) is not { } node)
                return null;
            if (node is JsonValue && parse(node.ToString()) is { } value)
            {
                if (setting is not null)
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

        /// <summary>There once an endpoint is: <c>HOST:PORT</c> as Kratix writes it, or a URL.</summary>
        private PlatformTelemetry? Telemetry()
        {
            const string Otlp = "kratix.telemetry.otlp.";
            var insecure = Value<bool>("telemetry.insecure", null, "true or false", Truth) ?? false;
            var endpoint = At("telemetry.endpoint");
            var written = endpoint?.ToString() ?? "";
            var url = written.Contains("://", StringComparison.Ordinal) ? written : $"{(insecure ? "http" : "https")}://{written}";
            var grpc = Text("telemetry.protocol", Otlp + "protocol", "grpc", "http") is not "http";
            var traces = Value<bool>("telemetry.traces.enabled", Otlp + "traces", "true or false", Truth) ?? true;
            var metrics = Value<bool>("telemetry.metrics.enabled", Otlp + "metrics", "true or false", Truth) ?? true;
            var headers = At("telemetry.headers");
            if (headers is not (null or JsonObject) || (headers as JsonObject)?.Any(h => h.Value is not JsonValue) == true)
                _problems.Add("telemetry.headers is not a map of texts; write one, such as {Authorization: Bearer ...}");
            if (endpoint is null)
                return null;
            if (endpoint is not JsonValue || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0 || uri.UserInfo.Length > 0)
            {
                _problems.Add($"telemetry.endpoint is {endpoint.ToJsonString()}; write HOST:PORT or a URL, such as collector.example:4317");
                return null;
            }

            _values[Otlp + "endpoint"] = uri.ToString();
            return new PlatformTelemetry(
                uri, grpc, (headers as JsonObject)?.ToDictionary(h => h.Key, h => h.Value?.ToString() ?? "", StringComparer.Ordinal) ?? [], traces, metrics);
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

        private static bool? Truth(string text) => text switch
        {
            "true" => true,
            "false" => false,
            _ => null,
        };

        private static TimeSpan? Duration(string text) => GoDuration.Parse(text);

        private static int? Number(string text, int min, int max) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null;
    }
}

/// <summary>The document cannot be used; the message says why, all of it.</summary>
internal sealed class PlatformRefusedException(IReadOnlyList<string> problems) : Exception(string.Join("; ", problems));
