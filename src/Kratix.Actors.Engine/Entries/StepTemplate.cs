using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A Task's <c>stepTemplate</c>: what each step has unless it says otherwise.</summary>
internal static class StepTemplate
{
    /// <summary>The step over the template: lists with a key (<c>env</c> by name, <c>volumeMounts</c> by path) and maps are merged, all else is replaced.</summary>
    internal static JsonObject Under(JsonObject step, JsonObject? template)
    {
        var result = step.DeepClone().AsObject();
        foreach (var (field, value) in template ?? [])
        {
            // What a script is started with is the script's business.
            if (step["script"] is not null && field is "command" or "args")
                continue;
            result[field] = (field, result[field]) switch
            {
                (_, null) => value?.DeepClone(),
                ("env", JsonArray own) => ByKey(value, own, "name"),
                ("volumeMounts", JsonArray own) => ByKey(value, own, "mountPath"),
                ("volumeDevices", JsonArray own) => ByKey(value, own, "devicePath"),
                (_, JsonObject own) => Maps(value, own),
                var (_, own) => own.DeepClone(),
            };
        }

        return result;
    }

    private static JsonArray ByKey(JsonNode? template, JsonArray own, string key) =>
    [
        .. (template as JsonArray ?? []).Where(t => own.All(o => !JsonNode.DeepEquals(o?[key], t?[key]))).Select(t => t?.DeepClone()),
        .. own.Select(o => o?.DeepClone()),
    ];

    private static JsonObject Maps(JsonNode? template, JsonObject own)
    {
        var result = own.DeepClone().AsObject();
        foreach (var (field, value) in template as JsonObject ?? [])
        {
            if (result[field] is JsonObject inner)
                result[field] = Maps(value, inner);
            else if (!result.ContainsKey(field))
                result[field] = value?.DeepClone();
        }

        return result;
    }
}
