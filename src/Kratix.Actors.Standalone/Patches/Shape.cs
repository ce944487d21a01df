using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Schemas;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>How the parts of an object merge: which lists are keyed, which are sets, which are replaced whole.</summary>
internal sealed class Shape
{
    private static readonly string[] Metadata = ["labels", "annotations", "finalizers", "ownerReferences"];

    private readonly StructuralSchema? _schema;
    private readonly bool _isCustom;

    private Shape(StructuralSchema? schema, bool isCustom, IReadOnlyList<string> keys, bool isSet, bool isAtomic)
    {
        (_schema, _isCustom, Keys, IsSet, IsAtomic) = (schema, isCustom, keys, isSet, isAtomic);
    }

    /// <summary>The fields that identify an item of this list; empty when it is not keyed.</summary>
    public IReadOnlyList<string> Keys { get; }

    public bool IsSet { get; }

    /// <summary>A map or list that has one owner as a whole.</summary>
    public bool IsAtomic { get; }

    public static Shape Of(ResourceType type) => new(type.Schema, type.IsCustom, [], false, false);

    public Shape Child(string name)
    {
        if (_schema is not null && name != "metadata")
        {
            var schema = _schema.Properties.GetValueOrDefault(name) ?? _schema.Additional;
            if (schema is null) return new Shape(null, true, [], false, false);
            return new Shape(
                schema, true,
                schema.ListType == "map" ? schema.ListMapKeys : [],
                schema.ListType == "set",
                schema.AtomicMap || schema.ListType == "atomic");
        }
        if (_isCustom && name != "metadata" && !Metadata.Contains(name)) return new Shape(null, true, [], false, false);
        var isKeyed = StrategicMergePatch.MergeKeys.TryGetValue(name, out var key);
        return new Shape(null, _isCustom, isKeyed ? [key!] : [], StrategicMergePatch.PrimitiveSets.Contains(name), false);
    }

    public Shape Item() => new(_schema?.Items, _isCustom, [], false, false);
}
