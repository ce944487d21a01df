using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;

namespace Kratix.Actors.Standalone.OpenApi;

/// <summary>The schema of a kind as OpenAPI tells it: for custom kinds the definition's own, with the fields every object has described.</summary>
internal static class OpenApiSchemas
{
    public const string ObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private const string ApiVersionText =
        "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";

    private const string KindText =
        "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";

    private const string MetadataText =
        "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

    /// <summary><c>com.example.stable.v1.Website</c>: the group back to front, as Kubernetes names definitions.</summary>
    public static string NameOf(ResourceType t) =>
        (t.Group.Length == 0 ? "io.k8s.api.core" : string.Join('.', t.Group.Split('.').Reverse())) + $".{t.Version}.{t.Kind}";

    public static JsonObject Of(ResourceType t, string refPrefix)
    {
        var schema = t.Schema?.Source.DeepClone().AsObject() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var properties = schema.Made("properties");
        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = ApiVersionText };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = KindText };
        // A bare $ref, as older clients resolve; the description sits on the referenced schema's user.
        properties["metadata"] = new JsonObject { ["description"] = MetadataText, ["$ref"] = refPrefix + ObjectMeta };
        schema["x-kubernetes-group-version-kind"] = new JsonArray(Gvk(t));
        return schema;
    }

    /// <summary>
    /// OpenAPI v2 has no word for "and whatever else", "or null", "or a number": clients that validate by it would refuse what the server takes, as
    /// kubectl did when somebody edited an object with such a status. Where the schema says one of these, v2 says nothing.
    /// </summary>
    public static JsonObject ForOldClients(JsonObject schema)
    {
        if (schema["x-kubernetes-preserve-unknown-fields"].IsTrue()) Drop(schema, "properties", "items", "additionalProperties", "required");
        if (schema["nullable"].IsTrue()) Drop(schema, "type", "properties", "items", "additionalProperties", "required", "format", "enum");
        if (schema["x-kubernetes-int-or-string"].IsTrue()) Drop(schema, "type", "anyOf");
        foreach (var child in (schema.Child("properties") ?? []).Select(p => p.Value).Append(schema["items"]).Append(schema["additionalProperties"]).OfType<JsonObject>()) ForOldClients(child);
        return schema;
    }

    public static JsonObject Gvk(ResourceType t) => new() { ["group"] = t.Group, ["kind"] = t.Kind, ["version"] = t.Version };

    public static JsonObject Metadata()
    {
        static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
        static JsonObject Map(string description) => new() { ["type"] = "object", ["description"] = description, ["additionalProperties"] = new JsonObject { ["type"] = "string" } };
        static JsonObject Objects(string description) => new() { ["type"] = "array", ["description"] = description, ["items"] = new JsonObject { ["type"] = "object" } };
        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "ObjectMeta is metadata that all persisted resources must have.",
            ["properties"] = new JsonObject
            {
                ["annotations"] = Map("Unstructured values set by tools and people; not queryable."),
                ["creationTimestamp"] = Text("When the object was created, set by the server."),
                ["deletionGracePeriodSeconds"] = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["description"] = "Seconds the object has to end by itself." },
                ["deletionTimestamp"] = Text("When the object is to be gone, set by the server on a delete."),
                ["finalizers"] = new JsonObject { ["type"] = "array", ["description"] = "Must be empty before the object is removed.", ["items"] = new JsonObject { ["type"] = "string" } },
                ["generateName"] = Text("A prefix from which the server makes a unique name when none is given."),
                ["generation"] = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["description"] = "Counts changes of the desired state, set by the server." },
                ["labels"] = Map("Keys and values that can be selected by."),
                ["managedFields"] = Objects("Who set which field, kept by the server."),
                ["name"] = Text("Unique within a namespace; cannot be changed."),
                ["namespace"] = Text("The space within which the name is unique; cannot be changed."),
                ["ownerReferences"] = Objects("Objects this one depends on; when all are gone, it goes too."),
                ["resourceVersion"] = Text("Names this state of the object, for conditional writes and watches."),
                ["selfLink"] = Text("No longer filled in."),
                ["uid"] = Text("Unique in time and space, set by the server."),
            },
        };
    }

    private static void Drop(JsonObject schema, params ReadOnlySpan<string> names)
    {
        foreach (var name in names) schema.Remove(name);
    }
}
