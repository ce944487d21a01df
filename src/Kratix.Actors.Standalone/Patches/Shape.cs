using System.Runtime.CompilerServices;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Schemas;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>How the parts of an object merge: which lists are keyed, which are sets, which are replaced whole.</summary>
internal sealed class Shape
{
    private static readonly string[] Metadata = ["labels", "annotations", "finalizers", "ownerReferences"];

    /// <summary>Below what no schema describes, in a custom object: maps merge, lists are replaced.</summary>
    private static readonly Shape Undescribed = new(null, true, [], false, false);

    private static readonly Shape BuiltIn = new(null, false, [], false, false);

    private static readonly Dictionary<(bool IsCustom, string Name), Shape> KnownByName = new[] { false, true }
        .SelectMany(isCustom => StrategicMergePatch.MergeKeys.Select(k => (Name: k.Key, Shape: new Shape(null, isCustom, [k.Value], false, false)))
            .Concat(StrategicMergePatch.PrimitiveSets.Select(n => (Name: n, Shape: new Shape(null, isCustom, [], true, false))))
            .Select(s => (Key: (isCustom, s.Name), s.Shape)))
        .ToDictionary(s => s.Key, s => s.Shape);

    /// <summary>Each write asks for the same ones: they live as long as the schema they are read from.</summary>
    private static readonly ConditionalWeakTable<StructuralSchema, Shape> BySchema = [];

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

    public static Shape Of(ResourceType type) => type.Schema is { } schema ? Of(schema) : BuiltIn;

    public Shape Child(string name)
    {
        if (_schema is not null && name != "metadata")
            return (_schema.Properties.GetValueOrDefault(name) ?? _schema.Additional) is { } schema ? Of(schema) : Undescribed;
        if (_isCustom && name != "metadata" && !Metadata.Contains(name)) return Undescribed;
        return KnownByName.GetValueOrDefault((_isCustom, name)) ?? (_isCustom ? Undescribed : BuiltIn);
    }

    public Shape Item() => new(_schema?.Items, _isCustom, [], false, false);

    private static Shape Of(StructuralSchema schema) => BySchema.GetValue(schema, static s => new Shape(
        s, true, s.ListType == "map" ? s.ListMapKeys : [], s.ListType == "set", s.AtomicMap || s.ListType == "atomic"));
}
