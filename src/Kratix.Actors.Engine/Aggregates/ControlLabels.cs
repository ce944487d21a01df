using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Aggregates;

/// <summary>The marks by which users control an object: labels with the value <c>true</c>. A pause may be an annotation too.</summary>
internal static class ControlLabels
{
    private const string Yes = "true";

    internal static Controls Of(JsonObject item) =>
        (item.Label(Marks.Paused) == Yes || item["metadata"]?["annotations"]?[Marks.Paused]?.ToString() == Yes ? Controls.Paused : Controls.None)
        | Read(item, Controls.RunAgain) | Read(item, Controls.Suspended) | Read(item, Controls.RunRequests);

    /// <summary>A merge patch for the object as it was seen: whoever changes it meanwhile is not overrun.</summary>
    internal static JsonObject Patch(JsonObject item, Relabelling change) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = item["metadata"]?["resourceVersion"]?.ToString(),
            ["labels"] = new JsonObject { [LabelOf(change.Mark)] = change.Present ? Yes : null },
        },
    };

    private static Controls Read(JsonObject item, Controls mark) => item.Label(LabelOf(mark)) == Yes ? mark : Controls.None;

    private static string LabelOf(Controls mark) => mark switch
    {
        Controls.RunAgain => Marks.ManualReconciliation,
        Controls.Suspended => Marks.WorkflowSuspended,
        Controls.RunRequests => Marks.ReconcileResources,
        _ => throw new InvalidOperationException($"{mark} is not a mark that the engine changes"),
    };
}
