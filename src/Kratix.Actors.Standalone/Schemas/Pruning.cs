using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>Drops what the schema does not name, and fills in what it has defaults for.</summary>
internal static class Pruning
{
    /// <summary>Removes unknown fields in place; their paths are added to <paramref name="unknown"/>.</summary>
    public static void Prune(JsonObject root, StructuralSchema schema, List<string> unknown) => PruneObject(root, schema, new FieldPath(), true, unknown);

    public static void ApplyDefaults(JsonNode? node, StructuralSchema schema)
    {
        if (!schema.HasDefaults) return;
        switch (node)
        {
            case JsonObject o:
                foreach (var (name, property) in schema.Properties)
                {
                    // An explicit null of a field that cannot be null is treated as absent, as the API server does.
                    var isMissing = !o.TryGetPropertyValue(name, out var value) || (value is null && !property.Nullable);
                    if (isMissing && property.Default is not null) o[name] = property.Default.DeepClone();
                    if (o[name] is { } child) ApplyDefaults(child, property);
                }
                if (schema.Additional is { HasDefaults: true } additional)
                {
                    foreach (var (name, value) in o)
                        if (!schema.Properties.ContainsKey(name)) ApplyDefaults(value, additional);
                }
                break;
            case JsonArray a when schema.Items is { } items:
                foreach (var item in a) ApplyDefaults(item, items);
                break;
            default:
                break;
        }
    }

    private static void Visit(JsonNode? node, StructuralSchema schema, FieldPath path, List<string> unknown)
    {
        switch (node)
        {
            case JsonObject o:
                PruneObject(o, schema, path, schema.EmbeddedResource, unknown);
                break;
            case JsonArray a when schema.Items is { } items:
                for (var i = 0; i < a.Count; i++)
                {
                    var back = path.Enter(i);
                    Visit(a[i], items, path, unknown);
                    path.Leave(back);
                }
                break;
            default:
                break;
        }
    }

    private static void PruneObject(JsonObject o, StructuralSchema schema, FieldPath path, bool isResource, List<string> unknown)
    {
        List<string>? dropped = null;
        foreach (var (name, value) in o)
        {
            if (isResource && name is "apiVersion" or "kind" or "metadata") continue;
            if ((schema.Properties.GetValueOrDefault(name) ?? schema.Additional) is { } property)
            {
                if (value is not (JsonObject or JsonArray)) continue;
                var back = path.Enter(name);
                Visit(value, property, path, unknown);
                path.Leave(back);
            }
            else if (!schema.PreserveUnknown) (dropped ??= []).Add(name);
        }
        foreach (var name in dropped ?? [])
        {
            o.Remove(name);
            unknown.Add(path.Of(name));
        }
    }
}
