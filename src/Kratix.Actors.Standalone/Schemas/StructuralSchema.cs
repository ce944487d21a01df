using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>A compiled <c>openAPIV3Schema</c>: what a custom object may hold, what is filled in and what is dropped.</summary>
internal sealed class StructuralSchema
{
    private static readonly StructuralSchema Anything = new() { PreserveUnknown = true };

    public string Type { get; private init; } = "";

    public bool Nullable { get; private init; }

    public bool PreserveUnknown { get; private init; }

    public bool EmbeddedResource { get; private init; }

    public bool IntOrString { get; private init; }

    public string Format { get; private init; } = "";

    public JsonNode? Default { get; private init; }

    public ImmutableArray<string> Required { get; private init; } = [];

    public FrozenDictionary<string, StructuralSchema> Properties { get; private init; } = FrozenDictionary<string, StructuralSchema>.Empty;

    /// <summary>The schema of entries not named in <see cref="Properties"/>; null when none are allowed.</summary>
    public StructuralSchema? Additional { get; private init; }

    public StructuralSchema? Items { get; private init; }

    public ImmutableArray<JsonNode?> Enum { get; private init; } = [];

    public ValueBounds Bounds { get; private init; } = ValueBounds.None;

    public ImmutableArray<StructuralSchema> AllOf { get; private init; } = [];

    public ImmutableArray<StructuralSchema> AnyOf { get; private init; } = [];

    public ImmutableArray<StructuralSchema> OneOf { get; private init; } = [];

    public StructuralSchema? Not { get; private init; }

    /// <summary>One of the four above is there.</summary>
    public bool IsCombined => AllOf.Length + AnyOf.Length + OneOf.Length > 0 || Not is not null;

    public ImmutableArray<ValidationRule> Rules { get; private init; } = [];

    /// <summary>Rules here or below.</summary>
    public bool HasRules { get; private init; }

    /// <summary><c>atomic</c>, <c>set</c> or <c>map</c>; "" when not said.</summary>
    public string ListType { get; private init; } = "";

    public ImmutableArray<string> ListMapKeys { get; private init; } = [];

    public bool AtomicMap { get; private init; }

    /// <summary>The schema as written, for OpenAPI.</summary>
    public JsonObject Source { get; private init; } = [];

    /// <summary>True when something below can be filled in: most schemas have no defaults, and then the walk is saved.</summary>
    public bool HasDefaults { get; private init; }

    public static StructuralSchema Of(JsonObject source, bool preserveUnknown = false) => Compile(source, preserveUnknown);

    /// <summary>This schema and all below it.</summary>
    public IEnumerable<StructuralSchema> Walk() =>
        Properties.Values.Append(Additional).Append(Items).OfType<StructuralSchema>().SelectMany(s => s.Walk()).Prepend(this);

    private static StructuralSchema Compile(JsonObject s, bool preserveUnknown)
    {
        var properties = s["properties"] is JsonObject p
            ? p.ToFrozenDictionary(e => e.Key, e => Compile(e.Value as JsonObject ?? [], preserveUnknown))
            : FrozenDictionary<string, StructuralSchema>.Empty;
        var additional = s["additionalProperties"] switch
        {
            JsonObject o => Compile(o, preserveUnknown),
            { } v when v.IsTrue() => Anything,
            _ => null,
        };
        var items = s["items"] is JsonObject i ? Compile(i, preserveUnknown) : null;
        return new StructuralSchema
        {
            Source = s,
            Type = s.Text("type"),
            Nullable = s["nullable"].IsTrue(),
            PreserveUnknown = preserveUnknown || s["x-kubernetes-preserve-unknown-fields"].IsTrue(),
            EmbeddedResource = s["x-kubernetes-embedded-resource"].IsTrue(),
            IntOrString = s["x-kubernetes-int-or-string"].IsTrue(),
            Format = s.Text("format"),
            Default = s["default"]?.DeepClone(),
            Required = s["required"] is JsonArray r ? [.. r.Select(e => e.AsText())] : [],
            Properties = properties,
            Additional = additional,
            Items = items,
            Enum = s["enum"] is JsonArray e ? [.. e.Select(v => v?.DeepClone())] : [],
            Bounds = ValueBounds.Of(s),
            AllOf = Many(s["allOf"]),
            AnyOf = Many(s["anyOf"]),
            OneOf = Many(s["oneOf"]),
            Not = s["not"] is JsonObject n ? Compile(n, true) : null,
            Rules = s["x-kubernetes-validations"] is JsonArray rules ? [.. rules.OfType<JsonObject>().Select(ValidationRule.Of)] : [],
            HasRules = s["x-kubernetes-validations"] is JsonArray { Count: > 0 } || properties.Values.Any(c => c.HasRules) || additional is { HasRules: true } || items is { HasRules: true },
            ListType = s.Text("x-kubernetes-list-type"),
            ListMapKeys = s["x-kubernetes-list-map-keys"] is JsonArray keys ? [.. keys.Select(k => k.AsText())] : [],
            AtomicMap = s.Text("x-kubernetes-map-type") == "atomic",
            HasDefaults = s["default"] is not null || properties.Values.Any(c => c.HasDefaults) || additional is { HasDefaults: true } || items is { HasDefaults: true },
        };
    }

    private static ImmutableArray<StructuralSchema> Many(JsonNode? list) =>
        list is JsonArray a ? [.. a.OfType<JsonObject>().Select(o => Compile(o, true))] : [];
}

/// <summary>The numeric, length and pattern limits of one schema node.</summary>
internal sealed record ValueBounds
{
    public static readonly ValueBounds None = new();

    public double? Minimum { get; private init; }

    public bool ExclusiveMinimum { get; private init; }

    public double? Maximum { get; private init; }

    public bool ExclusiveMaximum { get; private init; }

    public double? MultipleOf { get; private init; }

    public int? MinLength { get; private init; }

    public int? MaxLength { get; private init; }

    public string? Pattern { get; private init; }

    public int? MinItems { get; private init; }

    public int? MaxItems { get; private init; }

    public bool UniqueItems { get; private init; }

    public int? MinProperties { get; private init; }

    public int? MaxProperties { get; private init; }

    public static ValueBounds Of(JsonObject s)
    {
        var bounds = new ValueBounds
        {
            Minimum = Number(s, "minimum"),
            ExclusiveMinimum = s["exclusiveMinimum"].IsTrue(),
            Maximum = Number(s, "maximum"),
            ExclusiveMaximum = s["exclusiveMaximum"].IsTrue(),
            MultipleOf = Number(s, "multipleOf"),
            MinLength = (int?)Number(s, "minLength"),
            MaxLength = (int?)Number(s, "maxLength"),
            Pattern = s.TextOrNull("pattern"),
            MinItems = (int?)Number(s, "minItems"),
            MaxItems = (int?)Number(s, "maxItems"),
            UniqueItems = s["uniqueItems"].IsTrue(),
            MinProperties = (int?)Number(s, "minProperties"),
            MaxProperties = (int?)Number(s, "maxProperties"),
        };
        return bounds == None ? None : bounds;
    }

    private static double? Number(JsonObject s, string name) =>
        s[name] is JsonValue v && v.GetValueKind() == JsonValueKind.Number && double.TryParse(v.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : null;
}
