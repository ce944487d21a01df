using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The pieces of a Promise, as JSON, so that scripts need no indentation.</summary>
internal static class Manifests
{
    /// <summary>A Pipeline whose containers <c>step-1</c>, <c>step-2</c>… run one shell script each.</summary>
    internal static JsonObject Pipeline(string name, params string[] scripts) => PipelineOf(name, [.. scripts.Select((script, index) => Container($"step-{index + 1}", script))]);

    internal static JsonObject PipelineOf(string name, params JsonObject[] containers) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Pipeline",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers]) },
    };

    internal static JsonObject Container(string name, string script, string image = Checkout.Busybox) => new()
    {
        ["name"] = name,
        ["image"] = image,
        ["command"] = new JsonArray("sh", "-ec"),
        ["args"] = new JsonArray(script),
    };

    internal static JsonObject Promise(string name, JsonNode? api, JsonObject? workflows, JsonObject? selectors) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Promise",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = Without(new JsonObject
        {
            ["api"] = api,
            ["workflows"] = workflows,
            ["destinationSelectors"] = selectors is null ? null : new JsonArray(new JsonObject { ["matchLabels"] = selectors }),
        }),
    };

    /// <summary>An API <c>Thing</c> with two optional strings, <c>value</c> and <c>environment</c>, and a number.</summary>
    internal static JsonNode Api(string group) => JsonNode.Parse(
        $$"""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": { "name": "things.{{group}}" },
          "spec": {
            "group": "{{group}}", "scope": "Namespaced",
            "names": { "kind": "Thing", "plural": "things", "singular": "thing" },
            "versions": [{
              "name": "v1", "served": true, "storage": true,
              "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": { "type": "object", "properties": {
                "value": { "type": "string" },
                "environment": { "type": "string", "enum": ["dev", "prod"] },
                "replicas": { "type": "integer", "minimum": 1 }
              } } } } }
            }]
          }
        }
        """)!;

    internal static JsonObject GitStateStore(string name, string url) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "GitStateStore",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["url"] = url, ["branch"] = "main" },
    };

    internal static JsonObject Destination(string name, string path, string store, JsonObject labels) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Destination",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
        ["spec"] = new JsonObject
        {
            ["path"] = path,
            ["stateStoreRef"] = new JsonObject { ["kind"] = "GitStateStore", ["name"] = store },
            ["initWorkloads"] = new JsonObject { ["enabled"] = false },
        },
    };

    /// <summary>Several objects for one <c>kubectl apply</c>.</summary>
    internal static JsonObject List(params JsonNode[] items) => new() { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray(items) };

    private static JsonObject Without(JsonObject fields)
    {
        foreach (var empty in fields.Where(field => field.Value is null).Select(field => field.Key).ToList())
            fields.Remove(empty);
        return fields;
    }
}
