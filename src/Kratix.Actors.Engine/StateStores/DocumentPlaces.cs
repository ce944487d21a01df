using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// Where a Destination's test documents may lie: where they are wanted, and where they were before and have not been taken back from. The Destination's
/// status shows it (<c>testDocuments</c>), so that an engine that starts knows where to look. It is shown by directory and mode, not by file: what is
/// read there can make nobody delete anything but test documents.
/// </summary>
internal sealed record DocumentPlaces
{
    internal static readonly DocumentPlaces None = new();

    /// <summary>By place: the number under which it was asked to be taken back, 0: it was not.</summary>
    private ImmutableDictionary<Location, int> ByPlace { get; init; } = ImmutableDictionary<Location, int>.Empty;

    internal bool IsEmpty => ByPlace.IsEmpty;

    internal static DocumentPlaces Shown(JsonObject destination)
    {
        var shown = (destination["status"]?["testDocuments"] as JsonArray ?? []).OfType<JsonObject>();
        return shown.Aggregate(None, (places, p) => places.With(new Location(
            p["stateStoreRef"]?["kind"]?.ToString() ?? "", p["stateStoreRef"]?["name"]?.ToString() ?? "", p["path"]?.ToString() ?? "",
            p["mode"]?.ToString() == Nested ? FilepathMode.NestedByMetadata : FilepathMode.None, null)));
    }

    /// <summary>Null: there are none.</summary>
    internal JsonArray? ToJson() => IsEmpty ? null :
    [
        .. ByPlace.Keys.OrderBy(p => (p.StoreKind, p.StoreName, p.BasePath, p.Mode)).Select(p => new JsonObject
        {
            ["stateStoreRef"] = new JsonObject { ["kind"] = p.StoreKind, ["name"] = p.StoreName },
            ["path"] = p.BasePath,
            ["mode"] = p.Mode is FilepathMode.NestedByMetadata ? Nested : Flat,
        }),
    ];

    /// <summary>They may lie there, whatever has been asked before.</summary>
    internal DocumentPlaces With(Location location) => this with { ByPlace = ByPlace.SetItem(PlaceOf(location), 0) };

    internal DocumentPlaces Without(Location location) => this with { ByPlace = ByPlace.Remove(PlaceOf(location)) };

    internal DocumentPlaces Asked(Location place, int number) => this with { ByPlace = ByPlace.SetItem(place, number) };

    /// <summary>An answer under another number is one to an earlier question.</summary>
    internal bool IsAsked(Location place, int number) => ByPlace.GetValueOrDefault(place) == number;

    /// <summary>The places other than this one from which nobody has been asked to take them back.</summary>
    internal IReadOnlyList<Location> Elsewhere(Location location) => [.. ByPlace.Where(p => p.Value == 0 && p.Key != PlaceOf(location)).Select(p => p.Key)];

    private const string Nested = "nestedByMetadata";
    private const string Flat = "none";

    /// <summary>Both of the other modes have them at the same paths.</summary>
    private static Location PlaceOf(Location location) =>
        location with { Mode = location.Mode is FilepathMode.NestedByMetadata ? FilepathMode.NestedByMetadata : FilepathMode.None, Filename = null };
}
