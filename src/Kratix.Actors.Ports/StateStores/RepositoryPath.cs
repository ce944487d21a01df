using System.Text;

namespace Kratix.Actors.Ports.StateStores;

/// <summary>
/// Which paths may be written to a store at all. File names come out of containers, so they are hostile: a path must stay inside the
/// store, must not reach git's own folder under any of the spellings a file system takes for <c>.git</c>, and must survive a checkout.
/// </summary>
public static class RepositoryPath
{
    private const int LongestPath = 4096;
    private const int LongestSegment = 255;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Why this path cannot be written, in words that name it; null when it can.</summary>
    public static string? Problem(string path)
    {
        if (path.Length == 0)
            return "an empty path names no file";
        if (Utf8Length(path) is not { } length)
            return $"path '{Shown(path)}' is not valid Unicode";
        if (length > LongestPath)
            return $"path '{Shown(path)}' is longer than {LongestPath} bytes";
        if (path[0] == '/')
            return $"path '{Shown(path)}' is absolute; it must be relative to the root of the store";
        foreach (var segment in path.Split('/'))
        {
            if (SegmentProblem(segment) is { } problem)
                return $"path '{Shown(path)}' {problem}";
        }

        return null;
    }

    /// <summary>The path as it may be shown: no control characters, bounded length.</summary>
    public static string Shown(string path)
    {
        var text = new StringBuilder(Math.Min(path.Length, 200));
        foreach (var c in path.AsSpan(0, Math.Min(path.Length, 200)))
            text.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return path.Length > 200 ? text.Append('…').ToString() : text.ToString();
    }

    private static string? SegmentProblem(string segment)
    {
        if (segment.Length == 0)
            return "has an empty segment";
        if (segment is "." or "..")
            return $"has the segment '{segment}', which leaves its directory";
        if (segment.Any(char.IsControl))
            return "has a control character";
        if (segment.Contains('\\'))
            return "has a backslash; use forward slashes";
        if (Utf8Length(segment) > LongestSegment)
            return $"has a segment longer than {LongestSegment} bytes";
        return IsGitFolder(segment) ? $"has the segment '{Shown(segment)}', which is git's own folder" : null;
    }

    // Windows drops trailing dots and spaces, cuts at ':', and knows .git as git~1; macOS drops zero-width characters.
    // A name that any of them takes for .git would let a file become a hook on somebody's checkout.
    private static bool IsGitFolder(string segment)
    {
        var plain = new string([.. segment.Where(c => !IsIgnoredByFileSystems(c))]);
        var stream = plain.IndexOf(':', StringComparison.Ordinal);
        var name = (stream < 0 ? plain : plain[..stream]).TrimEnd('.', ' ');
        return name.Equals(".git", StringComparison.OrdinalIgnoreCase) || name.Equals("git~1", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsIgnoredByFileSystems(char c) => c is (>= '\u200c' and <= '\u200f') or (>= '\u202a' and <= '\u202e') or (>= '\u206a' and <= '\u206f') or '\ufeff';

    private static int? Utf8Length(string text)
    {
        try
        {
            return StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }
}
