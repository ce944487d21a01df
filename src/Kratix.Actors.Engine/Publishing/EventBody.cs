using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>A Kubernetes Event about an object, as the API server wants it.</summary>
internal static class EventBody
{
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    internal static JsonObject Of(JsonObject item, string type, string reason, string message, string reporter, DateTimeOffset at)
    {
        var now = StatusParts.Time(at);
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["generateName"] = $"{item.Name()}.", ["namespace"] = item.Namespace() ?? "default" },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = item["apiVersion"]?.ToString(), ["kind"] = item["kind"]?.ToString(), ["name"] = item.Name(), ["namespace"] = item.Namespace(), ["uid"] = item.Uid(),
            },
            ["type"] = type,
            ["reason"] = reason,
            ["message"] = message,
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["source"] = new JsonObject { ["component"] = reporter },
            ["reportingComponent"] = reporter,
        };
    }
}
