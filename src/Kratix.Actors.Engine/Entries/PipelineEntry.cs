using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A Kratix Pipeline: containers one after the other.</summary>
internal static class PipelineEntry
{
    internal static RunParts Parts(JsonObject entry)
    {
        var spec = entry["spec"]!.AsObject();
        var pod = new JsonObject();
        foreach (var field in new[] { "nodeSelector", "tolerations", "imagePullSecrets" })
        {
            if (spec[field] is { } value)
                pod[field] = value.DeepClone();
        }

        if (spec["jobOptions"]?["activeDeadlineSeconds"] is { } deadline)
            pod["activeDeadlineSeconds"] = deadline.DeepClone();
        return new RunParts(spec["containers"]!.DeepClone().AsArray(), [], spec["volumes"]?.DeepClone().AsArray() ?? [], pod);
    }
}
