using System.Text;

namespace Kratix.Actors.Ports.StateStores;

/// <summary>The list of a placement's files that lies beside them in the mode <c>none</c>; the reference's state file.</summary>
public static class FileListing
{
    private const string Head = "files:";

    /// <summary>UTF-8 YAML: <c>files:</c> and a line for each path, in order.</summary>
    public static byte[] Write(IEnumerable<string> paths)
    {
        var text = new StringBuilder(Head).Append('\n');
        foreach (var path in paths.Order(StringComparer.Ordinal))
            text.Append("- '").Append(path.Replace("'", "''", StringComparison.Ordinal)).Append("'\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>
    /// The paths below <paramref name="directory"/> that it names; a list may be changed by anybody who can push, so it gives no hold on anything else. What is not a
    /// plain list of names is passed over.
    /// </summary>
    public static IReadOnlySet<string> Read(ReadOnlySpan<byte> listing, string directory)
    {
        var prefix = directory.Length == 0 ? "" : directory + "/";
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(listing).Split('\n'))
        {
            if (Name(line.Trim()) is { Length: > 0 } path && path.StartsWith(prefix, StringComparison.Ordinal) && RepositoryPath.Problem(path) is null)
                paths.Add(path);
        }

        return paths;
    }

    private static string? Name(string line)
    {
        if (!line.StartsWith("- ", StringComparison.Ordinal))
            return null;
        var name = line[2..].Trim();
        return name switch
        {
            ['\'', .., '\''] and { Length: > 2 } => name[1..^1].Replace("''", "'", StringComparison.Ordinal),
            ['"', .., '"'] and { Length: > 2 } => name[1..^1],
            _ => name,
        };
    }
}
