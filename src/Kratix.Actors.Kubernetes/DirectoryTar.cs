using System.Formats.Tar;
using System.Net;

namespace Kratix.Actors.Kubernetes;

/// <summary>
/// Directories as a tar, written while it is sent. Nothing is followed: a link, a device or a FIFO is an entry of its own kind. The names below a
/// directory are sorted, so that the same content is the same sequence.
/// </summary>
internal sealed class DirectoryTar(IReadOnlyList<(string Name, string Folder)> roots) : HttpContent
{
    /// <summary>What .NET gives an exception that it makes itself, not from an error of the operating system.</summary>
    private const int OwnIOError = unchecked((int)0x80131620);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // One write to the socket per header and one per block of a small file would be slower than the files themselves.
        // Not disposed: that would close the request's own stream.
        var buffered = new BufferedStream(stream, 128 * 1024);
        await Write(buffered, cancellationToken);
        await buffered.FlushAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    internal async Task Write(Stream stream, CancellationToken cancellation)
    {
        // Not PAX: its reader in .NET stumbles over a line break in a name, and then the archive cannot even tell which file it was.
        await using var tar = new TarWriter(stream, TarEntryFormat.Gnu, true);
        // A stack, not recursion: how deep directories are nested is for their author to choose.
        var open = new Stack<(string Name, FileSystemInfo Item)>();
        foreach (var (name, folder) in roots.Reverse())
        {
            if (Directory.Exists(folder))
                open.Push((name, new DirectoryInfo(folder)));
        }

        while (open.TryPop(out var next))
        {
            cancellation.ThrowIfCancellationRequested();
            await Entry(tar, next.Name, next.Item, cancellation);
            if (next.Item is DirectoryInfo { LinkTarget: null } directory)
            {
                foreach (var child in Children(directory, next.Name))
                    open.Push(($"{next.Name}/{child.Name}", child));
            }
        }
    }

    private static List<FileSystemInfo> Children(DirectoryInfo directory, string name)
    {
        try
        {
            return [.. directory.EnumerateFileSystemInfos("*", All).OrderByDescending(i => i.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(name, e);
        }
    }

    private static readonly EnumerationOptions All = new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };

    private static async Task Entry(TarWriter tar, string name, FileSystemInfo item, CancellationToken cancellation)
    {
        // Bytes that are no UTF-8 have become this sign; no file can be opened by it, and no store could keep its name.
        if (item.Name.Contains('\uFFFD', StringComparison.Ordinal) && !item.Exists)
            throw new FolderException($"{name}: the name of this file is not valid UTF-8; rename it");
        try
        {
            if (item is DirectoryInfo { LinkTarget: null })
                await tar.WriteEntryAsync(new GnuTarEntry(TarEntryType.Directory, name + "/"), cancellation);
            else
                await tar.WriteEntryAsync(item.FullName, name, cancellation);
        }
        catch (IOException e) when (e.HResult == OwnIOError && e.GetType() == typeof(IOException))
        {
            // A socket, for which tar has no word; as a FIFO it is refused just the same, by its name.
            await tar.WriteEntryAsync(new GnuTarEntry(TarEntryType.Fifo, name), cancellation);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        {
            throw Unreadable(name, e);
        }
    }

    private static FolderException Unreadable(string name, Exception e) =>
        new($"{name} cannot be read ({(e is UnauthorizedAccessException ? "permission denied" : e.Message)}); a step must leave its files readable for everybody (chmod -R a+rX)", e);
}
