using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>
/// A set of places in an object, as the tree that <c>FieldsV1</c> is: each step leads further, and a place with nothing below it is in the set.
/// A step is <c>f:name</c> (a field), <c>k:{"name":"x"}</c> (an item by key), <c>v:"x"</c> (an item of a set) or <c>.</c> (the thing itself). Immutable.
/// </summary>
internal sealed class FieldSet
{
    public static readonly FieldSet Empty = new([], null);

    /// <summary>What the system writes belongs to nobody.</summary>
    private static readonly HashSet<string> SystemMetadata =
        ["name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generateName"];

    private const string Itself = ".";

    /// <summary>Ordered by step.</summary>
    private readonly Place[] _below;
    private readonly JsonNode? _value;

    private FieldSet(Place[] below, JsonNode? value) => (_below, _value) = (below, value);

    public bool IsEmpty => _below.Length == 0;

    /// <summary>Every leaf of the object, with its value; an item of a keyed list is also a place of its own.</summary>
    public static FieldSet Of(JsonObject o, Shape shape)
    {
        var places = new List<Place>(o.Count);
        foreach (var (name, value) in o)
        {
            if (name is "apiVersion" or "kind") continue;
            if (name != "metadata") Add(places, "f:" + name, Visit(value, shape.Child(name)));
            else if (value is JsonObject metadata && OfFields(metadata, shape.Child(name), SystemMetadata) is { IsEmpty: false } below) places.Add(new Place("f:metadata", below));
        }
        return Ordered(places);
    }

    public static FieldSet OfFieldsV1(JsonNode? fields) =>
        fields is JsonObject { Count: > 0 } o ? Ordered([.. o.Select(f => new Place(f.Key, OfFieldsV1(f.Value)))]) : Empty;

    public JsonObject ToFieldsV1()
    {
        var fields = new JsonObject();
        foreach (var (step, below) in _below) fields.Add(step, below.ToFieldsV1());
        return fields;
    }

    /// <summary>Those whose first step is accepted.</summary>
    public FieldSet Where(Func<string, bool> firstStep) => Made([.. _below.Where(p => firstStep(p.Step))]);

    public FieldSet Except(FieldSet other) => Select(other, isKeptAlone: true, static (_, _) => false);

    public FieldSet Intersect(FieldSet other) => Select(other, isKeptAlone: false, static (_, _) => true);

    /// <summary>The places of both whose values differ.</summary>
    public FieldSet DisputedIn(FieldSet other) => Select(other, isKeptAlone: false, static (mine, theirs) => !JsonNode.DeepEquals(mine, theirs));

    /// <summary>The places that the other has not, or not with this value.</summary>
    public FieldSet ChangedSince(FieldSet other) => Select(other, isKeptAlone: true, static (mine, theirs) => !JsonNode.DeepEquals(mine, theirs));

    public FieldSet Union(FieldSet other)
    {
        if (IsEmpty) return other;
        if (other.IsEmpty) return this;
        var places = new List<Place>(_below.Length + other._below.Length);
        var (i, j) = (0, 0);
        while (i < _below.Length || j < other._below.Length)
        {
            var order = i == _below.Length ? 1 : j == other._below.Length ? -1 : string.CompareOrdinal(_below[i].Step, other._below[j].Step);
            if (order < 0) places.Add(_below[i++]);
            else if (order > 0) places.Add(other._below[j++]);
            else places.Add(new Place(_below[i].Step, _below[i++].Below.Union(other._below[j++].Below)));
        }
        return Made([.. places]);
    }

    public bool SetEquals(FieldSet other)
    {
        if (_below.Length != other._below.Length) return false;
        for (var i = 0; i < _below.Length; i++)
            if (_below[i].Step != other._below[i].Step || !_below[i].Below.SetEquals(other._below[i].Below)) return false;
        return true;
    }

    /// <summary>As conflicts are shown: <c>.spec.containers[name="x"].image</c>.</summary>
    public IEnumerable<string> Shown() => _below.SelectMany(p => p.Below.IsEmpty ? [Shown(p.Step)] : p.Below.Shown().Select(below => Shown(p.Step) + below));

    /// <summary>Takes these places out of the object.</summary>
    public void RemoveFrom(JsonNode? node, Shape shape)
    {
        foreach (var (step, below) in _below)
        {
            if (step == Itself) continue;
            var found = Found(node, step, shape);
            if (!below.IsEmpty) below.RemoveFrom(found, step.StartsWith("f:", StringComparison.Ordinal) ? shape.Child(step[2..]) : shape.Item());
            if (!below.IsEmpty && below._below[0].Step != Itself) continue;
            if (node is JsonObject o) o.Remove(step[2..]);
            else if (node is JsonArray a && found is not null) a.Remove(found);
        }
    }

    public static string KeyStep(JsonObject item, IReadOnlyList<string> keys) =>
        $"k:{{{string.Join(',', keys.Order(StringComparer.Ordinal).Select(k => $"\"{JsonEncodedText.Encode(k, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\":{Text(item[k])}"))}}}";

    private static string ValueStep(JsonNode? value) => "v:" + Text(value);

    private static string Text(JsonNode? value) => value?.ToJsonString(JsonExtensions.SerializerOptions) ?? "null";

    private static JsonNode? Found(JsonNode? node, string step, Shape shape) => node switch
    {
        JsonObject o => o[step[2..]],
        JsonArray a when step.StartsWith("k:", StringComparison.Ordinal) => a.FirstOrDefault(i => i is JsonObject item && KeyStep(item, shape.Keys) == step),
        JsonArray a => a.FirstOrDefault(i => ValueStep(i) == step),
        _ => null,
    };

    private static string Shown(string step) => step[..Math.Min(2, step.Length)] switch
    {
        "f:" => "." + step[2..],
        "k:" => "[" + string.Join(",", JsonNode.Parse(step[2..])!.AsObject().Select(k => $"{k.Key}={k.Value!.ToJsonString()}")) + "]",
        "v:" => $"[={step[2..]}]",
        _ => "",
    };

    /// <summary>Null: a list without items, of which nothing can be owned.</summary>
    private static FieldSet? Visit(JsonNode? value, Shape shape)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } o when !shape.IsAtomic:
                return OfFields(o, shape, []) is { IsEmpty: false } below ? below : null;
            case JsonArray a when shape.Keys.Count > 0 && a.All(i => i is JsonObject):
                return a.Count == 0 ? null : Ordered([.. a.Select(i => OfItem(i!.AsObject(), shape))]);
            case JsonArray a when shape.IsSet:
                return a.Count == 0 ? null : Ordered([.. a.Select(i => new Place(ValueStep(i), new FieldSet([], i)))]);
            default:
                return new FieldSet([], value);
        }
    }

    private static FieldSet OfFields(JsonObject o, Shape shape, HashSet<string> without)
    {
        var places = new List<Place>(o.Count);
        foreach (var (name, child) in o)
            if (!without.Contains(name)) Add(places, "f:" + name, Visit(child, shape.Child(name)));
        return Ordered(places);
    }

    private static Place OfItem(JsonObject item, Shape list)
    {
        var shape = list.Item();
        var places = new List<Place>(item.Count + 1) { new(Itself, Empty) };
        foreach (var (name, child) in item) Add(places, "f:" + name, Visit(child, shape.Child(name)));
        return new Place(KeyStep(item, list.Keys), Ordered(places));
    }

    private static void Add(List<Place> places, string step, FieldSet? below)
    {
        if (below is not null) places.Add(new Place(step, below));
    }

    private static FieldSet Ordered(List<Place> places)
    {
        var ordered = places.ToArray();
        Array.Sort(ordered, static (x, y) => string.CompareOrdinal(x.Step, y.Step));
        for (var i = 1; i < ordered.Length; i++)
        {
            // Two items of one key, which a list without a schema may have, are one place.
            if (ordered[i - 1].Step == ordered[i].Step)
                return ordered.Select(p => new FieldSet([p], null)).Aggregate(static (all, one) => all.Union(one));
        }
        return Made(ordered);
    }

    private static FieldSet Made(Place[] places) => places.Length == 0 ? Empty : new FieldSet(places, null);

    /// <summary>The places of this set for which the values here and there say so, and with <paramref name="isKeptAlone"/> those that the other has not.</summary>
    private FieldSet Select(FieldSet other, bool isKeptAlone, Func<JsonNode?, JsonNode?, bool> isKept)
    {
        var places = new List<Place>();
        var j = 0;
        foreach (var place in _below)
        {
            while (j < other._below.Length && string.CompareOrdinal(other._below[j].Step, place.Step) < 0) j++;
            var theirs = j < other._below.Length && other._below[j].Step == place.Step ? other._below[j].Below : null;
            if (theirs is null || place.Below.IsEmpty != theirs.IsEmpty)
            {
                if (isKeptAlone) places.Add(place);
            }
            else if (place.Below.IsEmpty)
            {
                if (isKept(place.Below._value, theirs._value)) places.Add(place);
            }
            else if (place.Below.Select(theirs, isKeptAlone, isKept) is { IsEmpty: false } left) places.Add(new Place(place.Step, left));
        }
        return Made([.. places]);
    }

    private readonly record struct Place(string Step, FieldSet Below);
}
