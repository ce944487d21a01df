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
