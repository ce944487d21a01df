using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>
/// One object at one resource version: immutable, kept as the UTF-8 bytes that are on disk and go over the wire, so that a list and every
/// watcher share one serialisation. The bytes always begin with <c>apiVersion</c>, <c>kind</c>, <c>metadata</c> in this order.
/// </summary>
public sealed class StoredObject
{
    private readonly byte[] _json;
    private ObjectHeader? _header;

    internal StoredObject(ObjectKey key, long version, byte[] json)
    {
        Key = key;
        Version = version;
        _json = json;
    }

    public ObjectKey Key { get; }

    /// <summary>The global resource version of the write that made this state; the text of <c>metadata.resourceVersion</c>.</summary>
    public long Version { get; }

    internal byte[] JsonBytes => _json;

    /// <summary>The whole object, UTF-8 JSON, in the version it was stored in.</summary>
    public ReadOnlyMemory<byte> Json => _json;

    public string Namespace => Key.Namespace;

    public string Name => Key.Name;

    /// <summary>Labels, owners and deletion marks, read once and without parsing the rest of the object.</summary>
    public ObjectHeader Header => _header ??= ObjectHeader.Read(_json);

    /// <summary>The same without keeping it: for who looks at every object once.</summary>
    internal ObjectHeader ReadHeader() => _header ?? ObjectHeader.Read(_json);

    /// <summary>Whether any field has this name (in quotes), told from the bytes alone: who must look at every object looks into few.</summary>
    internal bool Mentions(ReadOnlySpan<byte> quotedName) => _json.AsSpan().IndexOf(quotedName) >= 0;

    /// <summary>A fresh tree the caller may change.</summary>
    public JsonObject Parse() => JsonNode.Parse(_json)!.AsObject();

    public override string ToString() => $"{Key}@{Version}";
}

/// <summary>What selectors, garbage collection and deletion need to know of an object.</summary>
/// <param name="ApiVersion">As stored, <c>group/version</c> or <c>v1</c>.</param>
/// <param name="DeletionTimestamp">Set once the object is marked for deletion.</param>
public sealed record ObjectHeader(
    string ApiVersion,
    string Uid,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<OwnerReference> Owners,
    IReadOnlyList<string> Finalizers,
    string? DeletionTimestamp)
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    internal static ObjectHeader Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var apiVersion = "";
        JsonObject? metadata = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("apiVersion"u8))
            {
                reader.Read();
                apiVersion = reader.GetString() ?? "";
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                metadata = JsonNode.Parse(ref reader) as JsonObject;
                break;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
        return Of(apiVersion, metadata ?? []);
    }

    private static ObjectHeader Of(string apiVersion, JsonObject metadata) => new(
        string.Intern(apiVersion), // a handful of different ones, in every object
        metadata.Text("uid"),
        metadata["labels"] is JsonObject { Count: > 0 } labels ? labels.ToDictionary(l => l.Key, l => l.Value.AsText()) : NoLabels,
        metadata["ownerReferences"] is JsonArray { Count: > 0 } owners ? [.. owners.OfType<JsonObject>().Select(OwnerReference.Of)] : [],
        metadata["finalizers"] is JsonArray { Count: > 0 } finalizers ? [.. finalizers.Select(f => f.AsText())] : [],
        metadata["deletionTimestamp"] is JsonValue deleted ? deleted.AsText() : null);
}

/// <summary>One entry of <c>metadata.ownerReferences</c>.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool BlockOwnerDeletion)
{
    internal static OwnerReference Of(JsonObject o) =>
        new(o.Text("apiVersion"), o.Text("kind"), o.Text("name"), o.Text("uid"), o["blockOwnerDeletion"] is JsonValue b && b.IsTrue());
}
