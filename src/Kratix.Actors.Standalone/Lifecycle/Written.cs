using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>What a write left behind, as the client sees it: usually the bytes that were stored, which need not be taken apart to be sent.</summary>
internal sealed class Written
{
    private readonly ResourceType? _type;
    private readonly StoredObject? _stored;
    private readonly JsonObject? _tree;

    private Written(ResourceType? type, StoredObject? stored, JsonObject? tree, bool isNew) => (_type, _stored, _tree, IsNew) = (type, stored, tree, isNew);

    public bool IsNew { get; }

    public JsonObject Tree => _tree ?? Versions.PresentTree(_type!, _stored!);

    public ReadOnlyMemory<byte> Json => _stored is null ? _tree!.ToUtf8() : Versions.Present(_type!, _stored);

    public static Written Created(ResourceType type, StoredObject stored) => new(type, stored, null, true);

    public static Written Changed(ResourceType type, StoredObject stored) => new(type, stored, null, false);

    /// <summary>The object was as it should be already.</summary>
    public static Written Nothing(ResourceType type, StoredObject current) => new(type, current, null, false);

    /// <summary>A dry run: what would have been stored.</summary>
    public static Written InThought(JsonObject tree, bool isNew) => new(null, null, tree, isNew);
}
