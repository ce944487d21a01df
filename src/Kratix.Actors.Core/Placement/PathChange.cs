using System.Collections.Immutable;

namespace Kratix.Actors.Core.Placement;

/// <summary>A file by name and content address. <paramref name="Path"/> is relative with forward slashes; <paramref name="Size"/> is in bytes.</summary>
public sealed record FileEntry(string Path, string Digest, long Size);

/// <summary>
/// What one placement wants of a state store. Paths are relative to the root of the repository or bucket, with forward slashes,
/// no leading slash, no <c>.</c> or <c>..</c> segment.
/// </summary>
public abstract record PathChange
{
    private PathChange() { }

    /// <summary>The directory holds exactly these files afterwards. File paths are relative to <paramref name="Directory"/>; no files removes it.</summary>
    public sealed record ReplaceDirectory(string Directory, ImmutableArray<FileEntry> Files) : PathChange;

    /// <summary>The file has this content afterwards. <c>File.Path</c> is relative to the root.</summary>
    public sealed record PutFile(FileEntry File) : PathChange;

    /// <summary>The file is gone afterwards; a missing file is fine.</summary>
    public sealed record DeleteFile(string Path) : PathChange;

    /// <summary>
    /// A placement whose files lie among those of others. The store keeps a list of them in the file <paramref name="Listing"/>: afterwards it names exactly these files,
    /// they are there, and those it named before are gone; no files removes the list as well. <paramref name="Former"/>: what may still be there of earlier
    /// runs, whether the list names it or not. All paths are relative to the root.
    /// </summary>
    public sealed record ReplaceListed(string Listing, ImmutableArray<FileEntry> Files, ImmutableArray<string> Former) : PathChange;

    /// <summary>
    /// One file that many placements share: afterwards the part of it that <paramref name="Section"/> names holds these files one after the other. No files
    /// removes the section, and the file with its last one. The path is relative to the root; those of <paramref name="Files"/> only put them in order.
    /// </summary>
    public sealed record ReplaceSection(string Path, string Section, ImmutableArray<FileEntry> Files) : PathChange;
}
