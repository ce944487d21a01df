using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Schemas;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Resources;

/// <summary>One stored object, seen in the version it is asked for. Custom kinds convert by name only; events differ in a few field names.</summary>
internal static class Versions
{
    private static readonly (string Core, string Events)[] EventFields =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("count", "deprecatedCount"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
        ("reportingComponent", "reportingController"),
    ];

    /// <summary>The bytes to send: usually the stored ones untouched.</summary>
    public static ReadOnlyMemory<byte> Present(ResourceType type, StoredObject o) => IsAsStored(type, o) ? o.Json : PresentTree(type, o).ToUtf8();

    /// <summary>A tree of the caller's own.</summary>
    public static JsonObject PresentTree(ResourceType type, StoredObject o)
    {
        var tree = o.Parse();
        if (IsAsStored(type, o)) return tree;
        tree["apiVersion"] = type.ApiVersion;
        if (type.StoredAs is not null) Rename(tree, toEvents: true);
        if (type.Schema is { } schema)
        {
            // Written under an older edition of the definition: what the present one drops or fills in holds for old objects too.
            Pruning.Prune(tree, schema, []);
            Pruning.ApplyDefaults(tree, schema);
        }
        return tree;
    }

    /// <summary>From the requested version to the stored one, in place.</summary>
    public static JsonObject ToStored(ResourceType type, JsonObject tree)
    {
        tree["apiVersion"] = type.StorageApiVersion;
        if (type.StoredAs is not null) Rename(tree, toEvents: false);
        return tree;
    }

    /// <summary>Whether the stored bytes are what this version shows.</summary>
    public static bool IsAsStored(ResourceType type, StoredObject o)
    {
        if (type.Schema is not null && o.Version < type.DefinedAt) return false;
        // {"apiVersion":"…" is where every stored object begins.
        ReadOnlySpan<byte> json = o.Json.Span;
        const int start = 15;
        var length = Encoding.UTF8.GetByteCount(type.ApiVersion);
        if (json.Length < start + length + 1 || json[start + length] != (byte)'"') return false;
        Span<byte> expected = stackalloc byte[length];
        Encoding.UTF8.GetBytes(type.ApiVersion, expected);
        return json.Slice(start, length).SequenceEqual(expected);
    }

    private static void Rename(JsonObject e, bool toEvents)
    {
        foreach (var (core, events) in EventFields)
        {
            var (from, to) = toEvents ? (core, events) : (events, core);
            if (!e.TryGetPropertyValue(from, out var value)) continue;
            e.Remove(from);
            e[to] = value;
        }
    }
}
