using System.Collections.Immutable;

namespace Kratix.Actors.Core.Placement;

/// <summary>Where files go in a store, exactly: the reference's paths, so that GitOps agents set up for it keep reading the same places.</summary>
public static class FileLayout
{
    /// <summary>The directory a placement owns in nested mode; in the other modes the Destination's base path.</summary>
    public static string DirectoryOf(WorkOwner owner, string pipeline, string shortId, Location location) => location.Mode switch
    {
        FilepathMode.NestedByMetadata when owner.Resource is null => Join(location.BasePath, "dependencies", owner.Promise, pipeline == StaticDependencies ? "" : pipeline, shortId),
        FilepathMode.NestedByMetadata => Join(location.BasePath, "resources", owner.Namespace!, owner.Promise, owner.Resource, pipeline, shortId),
        _ => location.BasePath,
    };

    /// <summary>The pseudo-Pipeline under which a Promise's <c>spec.dependencies</c> are placed; it has no segment in the path.</summary>
    public const string StaticDependencies = "static-deps";

    /// <summary>The file of a Destination in the mode aggregatedYAML when it names none: the reference's.</summary>
    public const string AggregatedFile = "aggregated.yaml";

    /// <summary>What the store should hold of this placement. <paramref name="ns"/>: the namespace its WorkPlacement is in.</summary>
    public static ImmutableArray<PathChange> Changes(Placement placement, string ns) => placement.Location.Mode switch
    {
        FilepathMode.NestedByMetadata => [new PathChange.ReplaceDirectory(placement.Directory, placement.Files)],
        FilepathMode.AggregatedYaml => [new PathChange.ReplaceSection(AggregatedPath(placement), $"{ns}/{placement.Name}", placement.Files)],
        _ =>
        [
            new PathChange.ReplaceListed(
                Listing(placement, ns), [.. placement.Files.Select(f => f with { Path = Join(placement.Directory, f.Path) })],
                [.. placement.Stale.Select(old => Join(placement.Directory, old.Path))]),
        ],
    };

    /// <summary>What taking the placement back means.</summary>
    public static ImmutableArray<PathChange> Removal(Placement placement, string ns) => placement.Location.Mode switch
    {
        FilepathMode.NestedByMetadata => [new PathChange.ReplaceDirectory(placement.Directory, [])],
        FilepathMode.AggregatedYaml => [new PathChange.ReplaceSection(AggregatedPath(placement), $"{ns}/{placement.WrittenAs}", [])],
        _ => [new PathChange.ReplaceListed(Listing(placement, ns), [], [.. placement.Files.Concat(placement.Stale).Select(f => Join(placement.Directory, f.Path))])],
    };

    private static string AggregatedPath(Placement placement) =>
        Join(placement.Directory, placement.Location.Filename is { Length: > 0 } name ? name : AggregatedFile);

    private static string Listing(Placement placement, string ns) => Join(placement.Directory, ".kratix", $"{ns}-{placement.WrittenAs}.yaml");

    /// <summary>Whether both are at one place in one store, so that writing the one replaces the other.</summary>
    internal static bool SamePlace(Placement one, Placement other) =>
        (one.Location.StoreKind, one.Location.StoreName, one.Location.Mode, one.Directory) == (other.Location.StoreKind, other.Location.StoreName, other.Location.Mode, other.Directory)
        && (one.Location.Mode is not FilepathMode.AggregatedYaml || AggregatedPath(one) == AggregatedPath(other));

    /// <summary>Where the two documents lie that show a Destination's owner that files arrive: a Namespace, and a ConfigMap in it.</summary>
    public static (string Namespace, string ConfigMap) TestDocuments(Location location)
    {
        const string ns = "kratix-canary-namespace.yaml", map = "kratix-canary-configmap.yaml";
        return location.Mode is FilepathMode.NestedByMetadata
            ? (Join(location.BasePath, "dependencies", ns), Join(location.BasePath, "resources", map))
            : (Join(location.BasePath, ns), Join(location.BasePath, map));
    }

    /// <summary>Joins path segments, leaving out empty ones and <c>.</c>.</summary>
    public static string Join(params ReadOnlySpan<string> segments)
    {
        var parts = new List<string>();
        foreach (var segment in segments)
            parts.AddRange(segment.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."));
        return string.Join('/', parts);
    }
}
