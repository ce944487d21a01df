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

    /// <summary>What the store should hold of this placement.</summary>
    public static ImmutableArray<PathChange> Changes(Placement placement) => placement.Location.Mode switch
    {
        FilepathMode.NestedByMetadata => [new PathChange.ReplaceDirectory(placement.Directory, placement.Files)],
        _ =>
        [
            .. placement.Stale.Select(old => new PathChange.DeleteFile(Join(placement.Directory, old.Path))),
            .. placement.Files.Select(f => new PathChange.PutFile(f with { Path = Join(placement.Directory, f.Path) })),
        ],
    };

    /// <summary>What taking the placement back means.</summary>
    public static ImmutableArray<PathChange> Removal(Placement placement) => placement.Location.Mode switch
    {
        FilepathMode.NestedByMetadata => [new PathChange.ReplaceDirectory(placement.Directory, [])],
        _ => [.. placement.Files.Concat(placement.Stale).Select(f => new PathChange.DeleteFile(Join(placement.Directory, f.Path)))],
    };

    /// <summary>Joins path segments, leaving out empty ones and <c>.</c>.</summary>
    public static string Join(params ReadOnlySpan<string> segments)
    {
        var parts = new List<string>();
        foreach (var segment in segments)
            parts.AddRange(segment.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."));
        return string.Join('/', parts);
    }
}
