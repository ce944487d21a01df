using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>From <c>spec.api</c> as written to the CustomResourceDefinition that is installed. Pure.</summary>
internal static class ApiPreparation
{
    internal static JsonObject Prepare(JsonObject api, string promise)
    {
        var crd = api.DeepClone().AsObject();
        var metadata = crd["metadata"]!.AsObject();
        var labels = metadata["labels"] as JsonObject ?? [];
        labels[Marks.PromiseName] = promise;
        metadata["labels"] = labels;
        foreach (var version in crd["spec"]!["versions"]!.AsArray().OfType<JsonObject>())
            Prepare(version);
        return crd;
    }

    private static void Prepare(JsonObject version)
    {
        version["subresources"] = Merge(version["subresources"] as JsonObject, new JsonObject { ["status"] = new JsonObject() });
        if (version["additionalPrinterColumns"] is not JsonArray { Count: > 0 })
            version["additionalPrinterColumns"] = Columns();
        var schema = version["schema"] as JsonObject ?? [];
        version["schema"] = schema;
        var root = schema["openAPIV3Schema"] as JsonObject ?? new JsonObject { ["type"] = "object" };
        schema["openAPIV3Schema"] = root;
        var properties = root["properties"] as JsonObject ?? [];
        root["properties"] = properties;
        // Everything made for a request carries its name in a label, and labels end at 63 characters.
        properties["metadata"] = Merge(properties["metadata"] as JsonObject, new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { ["name"] = new JsonObject { ["type"] = "string", ["maxLength"] = 63 } },
        });
        properties["status"] = Status();
    }

    private static JsonArray Columns() =>
    [
        Column("message", ".status.message"),
        Column("status", ".status.conditions[?(@.type==\"Reconciled\")].message"),
        Column("destination", ".status.kratix.destination"),
        Column("commit", ".status.kratix.commit"),
    ];

    private static JsonObject Column(string name, string path) => new() { ["name"] = name, ["type"] = "string", ["jsonPath"] = path };

    private static JsonObject Status() => new()
    {
        ["type"] = "object",
        ["x-kubernetes-preserve-unknown-fields"] = true,
        ["properties"] = new JsonObject
        {
            ["message"] = Text(),
            ["observedGeneration"] = Integer(),
            ["workflows"] = Integer(),
            ["workflowsSucceeded"] = Integer(),
            ["workflowsFailed"] = Integer(),
            ["conditions"] = List(new JsonObject
            {
                ["lastTransitionTime"] = new JsonObject { ["type"] = "string", ["format"] = "date-time" },
                ["message"] = Text(), ["reason"] = Text(), ["status"] = Text(), ["type"] = Text(),
            }),
            ["kratix"] = new JsonObject
            {
                ["type"] = "object",
                ["x-kubernetes-preserve-unknown-fields"] = true,
                ["properties"] = new JsonObject
                {
                    ["destination"] = Text(),
                    ["commit"] = Text(),
                    ["workflows"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["properties"] = new JsonObject
                        {
                            ["lastSuccessfulConfigureWorkflowTime"] = Text(),
                            ["suspendedGeneration"] = Integer(),
                            ["pipelines"] = List(new JsonObject
                            {
                                ["name"] = Text(), ["phase"] = Text(), ["message"] = Text(), ["nextRetryAt"] = Text(), ["attempts"] = Integer(), ["lastTransitionTime"] = Text(),
                            }),
                        },
                    },
                },
            },
        },
    };

    private static JsonObject Text() => new() { ["type"] = "string" };

    private static JsonObject Integer() => new() { ["type"] = "integer", ["format"] = "int64" };

    private static JsonObject List(JsonObject properties) =>
        new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object", ["properties"] = properties } };

    private static JsonObject Merge(JsonObject? into, JsonObject added)
    {
        var result = into?.DeepClone().AsObject() ?? [];
        foreach (var (key, value) in added)
            result[key] = result[key] is JsonObject inner && value is JsonObject map ? Merge(inner, map) : value?.DeepClone();
        return result;
    }
}
