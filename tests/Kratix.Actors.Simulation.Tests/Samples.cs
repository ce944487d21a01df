using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>The objects and the settings that all lives are played with.</summary>
internal static class Samples
{
    internal static readonly EngineSettings Settings = new()
    {
        NodeName = "node",
        ReconcileInterval = TimeSpan.FromHours(2),
        Retry = new RetrySchedule(1000, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)),
        ReconcileAfterFailure = true,
        OnStart = OnStart.Verify,
        OnStartWindow = TimeSpan.FromMinutes(1),
        Shards = 4,
        MaxRunsInFlight = 3,
        MaxRunsPerPromise = 2,
        RunDeadline = null,
        ImagePullDeadline = TimeSpan.FromMinutes(2),
        JobsToKeep = 2,
        Output = new OutputLimits(OutputValidation.Yaml, 10, 10_000, 10_000),
        PassivateAfter = TimeSpan.FromSeconds(10),
        PublishReadModels = true,
        ExchangeUrl = "http://engine",
        ExchangeKey = Encoding.UTF8.GetBytes("a key"),
        Crds = [],
        BatchMaxIntents = 3,
        BatchMaxFiles = 100,
        BatchMaxBytes = 1_000_000,
        BatchLinger = TimeSpan.FromMilliseconds(50),
        WriteRetry = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)),
        PushesPerMinute = _ => null,
        WakeUpPoll = TimeSpan.FromSeconds(2),
    };

    internal static JsonObject Named(string name) => new() { ["name"] = name };

    internal static JsonObject Store() => new()
    {
        ["metadata"] = Named("store"),
        ["spec"] = new JsonObject { ["url"] = "https://git.example.org/platform" },
    };

    internal static JsonObject Destination(string name, string cleanup = "none") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = Labels(selected: true) },
        ["spec"] = new JsonObject { ["path"] = name, ["stateStoreRef"] = new JsonObject { ["kind"] = "GitStateStore", ["name"] = "store" }, ["cleanup"] = cleanup },
    };

    /// <summary>A Destination's labels, which the Promise selects or does not.</summary>
    internal static JsonObject Labels(bool selected) => new() { ["env"] = selected ? "dev" : "other" };

    internal static bool IsSelected(JsonObject destination) => destination["metadata"]!["labels"]!["env"]!.ToString() == "dev";

    internal static JsonObject Request(string name, int size) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = new JsonObject { ["size"] = size },
    };

    /// <summary>Of each Pipeline there are versions whose failing containers are started again in their Pods. Its Pipelines write the size of the request and the number of the image.</summary>
    internal static JsonObject Promise(int image) => new()
    {
        ["metadata"] = Named("redis"),
        ["spec"] = new JsonObject
        {
            ["api"] = JsonNode.Parse(
                """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"redis.example.org"},
                 "spec":{"group":"example.org","names":{"kind":"Redis","plural":"redis"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true}]}}
                """),
            ["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["env"] = "dev" } }),
            ["dependencies"] = new JsonArray(new JsonObject { ["kind"] = $"Operator{image}" }),
            ["workflows"] = new JsonObject
            {
                ["promise"] = new JsonObject { ["configure"] = Pipeline("prepare", image, inPlace: image % 3 == 0) },
                ["resource"] = new JsonObject
                {
                    ["configure"] = Pipeline("configure", image, inPlace: image % 2 == 1), ["delete"] = Pipeline("remove", image, inPlace: image % 2 == 0),
                },
            },
        },
    };

    /// <summary>What a run of this image leaves for a request of this size.</summary>
    internal static string FileOf(string? size, string image) => $"size: {size}\nimage: {image}\n";

    internal static string ImageOf(int image) => $"work:{image}";

    private static JsonArray Pipeline(string name, int image, bool inPlace) => new(new JsonObject
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Pipeline",
        ["metadata"] = Named(name),
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = ImageOf(image) }), ["restartPolicy"] = inPlace ? "OnFailure" : "Never",
        },
    });
}
