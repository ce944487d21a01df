namespace Kratix.Actors.StateStores.Planning;

/// <summary>
/// What a store holds, with the changes of a batch laid over it. Paths are spelled as in <see cref="PathKey"/>; only what is asked for is read.
/// </summary>
internal interface IStoredFiles
{
    /// <summary>Puts the content of this digest; true when that changed something.</summary>
    /// <exception cref="PathConflictException">A file is where a directory must be, or the other way round.</exception>
    Task<bool> Put(string key, string digest);

    /// <summary>Removes a file; true when there was one.</summary>
    Task<bool> Delete(string key);

    /// <summary>Every file below a directory; empty when there is no such directory.</summary>
    Task<List<string>> FilesBelow(string directory);

    /// <summary>A file's content, null where there is none.</summary>
    Task<byte[]?> Read(string key);

    Task<bool> Exists(string key);

    /// <summary>What differs from the store by now.</summary>
    IEnumerable<FileChange> Changes { get; }
}

/// <summary>Paths as the UTF-8 bytes of their names, as Latin-1 text: names that somebody else wrote in another encoding pass through unharmed.</summary>
internal static class PathKey
{
    public static string Of(string path) => System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(path));

    public static byte[] Bytes(string key) => System.Text.Encoding.Latin1.GetBytes(key);

    public static string Path(string key) => System.Text.Encoding.UTF8.GetString(Bytes(key));
}

/// <summary>What stands in the store does not let a path be written. <see cref="Key"/> is spelled as in <see cref="PathKey"/>.</summary>
internal sealed class PathConflictException(string key, string problem) : Exception($"{key} {problem}")
{
    public string Key { get; } = key;

    public string Problem { get; } = problem;
}
