using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// A commit's files with changes laid over them. Directories are read when a path leads through them, so the cost follows what is
/// touched and not what the repository holds. Paths here are the UTF-8 bytes as Latin-1 text (<see cref="PathKey"/>): names that
/// somebody else wrote in another encoding pass through unharmed.
/// </summary>
internal sealed class TreeOverlay
{
    private const string RegularFile = "100644";
    private const string DirectoryMode = "40000";

    private readonly TreeReader? _reader;
    private readonly Node _root;
    private readonly Dictionary<string, (string? Before, string? After)> _touched = new(StringComparer.Ordinal);

    private TreeOverlay(TreeReader? reader, Node root) => (_reader, _root) = (reader, root);

    /// <summary>Files whose presence or content differs from the commit's: the object id of the content, null where the file goes.</summary>
    public IEnumerable<(string Path, string? ObjectId)> Changes =>
        _touched.Where(t => t.Value.Before != t.Value.After).Select(t => (t.Key, ObjectId(t.Value.After)));

    /// <summary>Of a commit, or of nothing when the branch has none yet.</summary>
    public static TreeOverlay Of(TreeReader? reader, string? commit) =>
        new(reader, commit is null ? new Node([]) : new Node($"{commit}^{{tree}}"));

    /// <summary>Puts a file; true when that changed something.</summary>
    /// <exception cref="PathConflictException">A file is where a directory must be, or the other way round.</exception>
    public async Task<bool> Put(string key, string objectId)
    {
        var (node, name) = (_root, "");
        var segments = key.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            name = segments[i];
            var entries = await Load(node);
            var found = entries.TryGetValue(name, out var entry);
            if (i == segments.Length - 1)
            {
                if (found && entry.Child is not null)
                    throw new PathConflictException(key, "is a directory in the repository, and a file cannot replace it");
                break;
            }

            if (found && entry.Child is null)
                throw new PathConflictException(string.Join('/', segments[..(i + 1)]), "is not a directory in the repository, so nothing can be put below it");
            if (!found)
                entries[name] = entry = new Entry(DirectoryMode, "", new Node([]));
            node = entry.Child!;
        }

        var file = new Entry(RegularFile, objectId, null);
        var before = node.Entries!.TryGetValue(name, out var old) ? old : (Entry?)null;
        if (before == file)
            return false;
        node.Entries[name] = file;
        Touch(key, before, file);
        return true;
    }

    /// <summary>Removes a file; true when there was one.</summary>
    /// <exception cref="PathConflictException">A directory has that name.</exception>
    public async Task<bool> Delete(string key)
    {
        var way = new List<(Node Node, string Name)>();
        var node = _root;
        foreach (var name in key.Split('/'))
        {
            if (node is null || !(await Load(node)).TryGetValue(name, out var entry))
                return false;
            way.Add((node, name));
            node = entry.Child;
        }

        if (node is not null)
            throw new PathConflictException(key, "is a directory in the repository, not the file to delete");
        var last = way[^1];
        Touch(key, last.Node.Entries![last.Name], null);
        // git knows no empty directories: one that lost its last file is gone.
        for (var i = way.Count - 1; i >= 0 && (i == way.Count - 1 || way[i + 1].Node.Entries!.Count == 0); i--)
            way[i].Node.Entries!.Remove(way[i].Name);
        return true;
    }

    /// <summary>The object id of a file's content; null when there is no file of that name.</summary>
    public async Task<string?> Find(string key)
    {
        Node? node = _root;
        Entry entry = default;
        foreach (var name in key.Split('/'))
        {
            if (node is null || !(await Load(node)).TryGetValue(name, out entry))
                return null;
            node = entry.Child;
        }

        return node is null ? entry.ObjectId : null;
    }

    /// <summary>Every file below a directory, by full path; empty when there is no such directory.</summary>
    /// <exception cref="PathConflictException">It, or a directory above it, is a file.</exception>
    public async Task<List<string>> FilesBelow(string directory)
    {
        var node = _root;
        var segments = directory.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            if (!(await Load(node)).TryGetValue(segments[i], out var entry))
                return [];
            node = entry.Child ?? throw new PathConflictException(string.Join('/', segments[..(i + 1)]), "is a file in the repository, not a directory");
        }

        var files = new List<string>();
        await Collect(node, directory, files);
        return files;
    }

    private async Task Collect(Node node, string path, List<string> files)
    {
        foreach (var (name, entry) in await Load(node))
        {
            if (entry.Child is null)
                files.Add($"{path}/{name}");
            else
                await Collect(entry.Child, $"{path}/{name}", files);
        }
    }

    private async Task<Dictionary<string, Entry>> Load(Node node)
    {
        if (node.Entries is { } loaded)
            return loaded;
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var line in await _reader!.Read(node.Name!))
            entries[line.Name] = new Entry(line.Mode, line.ObjectId, line.Mode is DirectoryMode or "040000" ? new Node(line.ObjectId) : null);
        return node.Entries = entries;
    }

    private void Touch(string key, Entry? before, Entry? after)
    {
        var first = _touched.TryGetValue(key, out var touched) ? touched.Before : Spelled(before);
        _touched[key] = (first, Spelled(after));
    }

    private static string? Spelled(Entry? entry) => entry is { } e ? $"{e.Mode} {e.ObjectId}" : null;

    private static string? ObjectId(string? spelled) => spelled?[(spelled.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    private readonly record struct Entry(string Mode, string ObjectId, Node? Child);

    // Named while it only is to be read; with entries once it was.
    private sealed class Node
    {
        public Node(string name) => Name = name;

        public Node(Dictionary<string, Entry> entries) => Entries = entries;

        public string? Name { get; }

        public Dictionary<string, Entry>? Entries { get; set; }
    }
}
