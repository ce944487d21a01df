using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kratix.Actors.Engine.Tests.Support;

/// <summary>Settings, objects and archives that tests start from.</summary>
internal static class Samples
{
    /// <summary>For a part of the engine by itself: nothing in it but what the test puts into the API server.</summary>
    internal static World World(IKubernetes kubernetes, IResourceWatch watch, TimeProvider time, ILogger? log = null)
    {
        var journal = new InMemoryJournal(time);
        return new World(journal, journal, kubernetes, watch, new FakeRunner(), new InMemoryStateStores(journal), time, log ?? NullLogger.Instance);
    }

    internal static EngineSettings Settings => new()
    {
        NodeName = "node-a",
        ReconcileInterval = TimeSpan.FromHours(10),
        Retry = new RetrySchedule(3, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)),
        ReconcileAfterFailure = true,
        OnStart = OnStart.Off,
        OnStartWindow = TimeSpan.FromMinutes(10),
        Shards = 8,
        MaxRunsInFlight = 10,
        MaxRunsPerPromise = 10,
        RunDeadline = null,
        ImagePullDeadline = TimeSpan.FromMinutes(2),
        JobsToKeep = 2,
        Output = Limits,
        PassivateAfter = TimeSpan.FromMinutes(5),
        PublishReadModels = true,
        ExchangeUrl = "http://engine",
        ExchangeKey = Encoding.UTF8.GetBytes("a key for tests"),
        Crds = [],
        BatchMaxIntents = 500,
        BatchMaxFiles = 1000,
        BatchLinger = TimeSpan.FromMilliseconds(50),
        BatchMaxBytes = 1024 * 1024,
        WriteRetry = (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
        PushesPerMinute = _ => null,
    };

    internal static OutputLimits Limits => new(OutputValidation.Yaml, 100, 1024 * 1024, 512 * 1024);

    /// <summary>Puts a value at a dotted path; numbers are places in lists.</summary>
    internal static void Set(this JsonNode node, string path, JsonNode? value)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1])
            node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
        node[steps[^1]] = value;
    }

    /// <summary>A Promise of Redis with one configure Pipeline for its requests, and a delete Pipeline if wished.</summary>
    internal static JsonObject Promise(string name = "redis", bool withDelete = false, string? interval = null)
    {
        var resource = new JsonObject { ["configure"] = new JsonArray(Pipeline("configure")) };
        if (withDelete)
            resource["delete"] = new JsonArray(Pipeline("remove"));
        var workflows = new JsonObject { ["resource"] = resource };
        if (interval is not null)
            workflows["config"] = new JsonObject { ["reconciliationInterval"] = interval };
        return new JsonObject
        {
            ["apiVersion"] = "platform.kratix.io/v1alpha1",
            ["kind"] = "Promise",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["api"] = Api(), ["workflows"] = workflows },
        };
    }

    internal static JsonObject Pipeline(string name) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Pipeline",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "work", ["image"] = "example/work:1" }) },
    };

    internal static JsonObject Api() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = "redis.example.org" },
        ["spec"] = new JsonObject
        {
            ["group"] = "example.org",
            ["names"] = new JsonObject { ["kind"] = "Redis", ["plural"] = "redis", ["singular"] = "redis" },
            ["scope"] = "Namespaced",
            ["versions"] = new JsonArray(new JsonObject { ["name"] = "v1", ["served"] = true, ["storage"] = true }),
        },
    };

    internal static JsonObject Request(string name, string size = "small") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = new JsonObject { ["size"] = size },
    };

    internal static JsonObject Destination(string name, params (string Key, string Value)[] labels) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject(labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))) },
        ["spec"] = new JsonObject
        {
            ["path"] = name, ["stateStoreRef"] = new JsonObject { ["kind"] = "GitStateStore", ["name"] = "store" },
            // Tests look at the files of requests; those that are about the test documents switch them on.
            ["initWorkloads"] = new JsonObject { ["enabled"] = false },
        },
    };

    internal static JsonObject Store(string url = "https://git.example.org/platform") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "store" },
        ["spec"] = new JsonObject { ["url"] = url, ["secretRef"] = new JsonObject { ["name"] = "git", ["namespace"] = "default" } },
    };

    internal static JsonObject Secret(string password) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "git", ["namespace"] = "default" },
        ["data"] = new JsonObject { ["username"] = Base64("kratix"), ["password"] = Base64(password) },
    };

    /// <summary>An archive as a run hands it in: paths begin with <c>output/</c> or <c>metadata/</c>.</summary>
    internal static MemoryStream Tar(params (string Path, string Text)[] files) => Tar(writer =>
    {
        writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "output/"));
        foreach (var (path, text) in files)
            File(writer, path, Encoding.UTF8.GetBytes(text));
    });

    internal static MemoryStream Tar(Action<TarWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
            write(writer);
        stream.Position = 0;
        return stream;
    }

    internal static void File(TarWriter writer, string path, byte[] bytes) =>
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(bytes) });

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
