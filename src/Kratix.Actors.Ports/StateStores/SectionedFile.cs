using System.Text;

namespace Kratix.Actors.Ports.StateStores;

/// <summary>
/// The one YAML file of a Destination in the mode <c>aggregatedYAML</c>: a section for each placement, in the order of their names, each begun by a comment line that names it.
/// So the file itself says what in it is whose, and any writer can replace one section without knowing the others. Text is bytes as Latin-1, whatever they are.
/// </summary>
public sealed class SectionedFile
{
    private const string Mark = "# kratix.io/placement: ";
    private const string Divider = "---\n";

    private readonly SortedDictionary<string, string> _sections = new(StringComparer.Ordinal);

    private SectionedFile() { }

    /// <summary>Null when there is text but no section: somebody else's file.</summary>
    public static SectionedFile? Read(byte[]? content)
    {
        var file = new SectionedFile();
        if (content is null or [])
            return file;
        var text = Encoding.Latin1.GetString(content);
        var at = NextMark(text, 0);
        while (at >= 0)
        {
            var end = text.IndexOf('\n', at) is >= 0 and var newline ? newline : text.Length;
            var next = NextMark(text, end);
            var body = text[Math.Min(end + 1, text.Length)..(next < 0 ? text.Length : next)];
            file._sections[text[(at + Mark.Length)..end].Trim()] = next >= 0 && body.EndsWith(Divider, StringComparison.Ordinal) ? body[..^Divider.Length] : body;
            at = next;
        }

        return file._sections.Count == 0 ? null : file;
    }

    /// <summary>Why these files cannot be a section; null when they can. A line that reads like the beginning of a section would be taken for one.</summary>
    public static string? Problem(byte[] content) =>
        NextMark(Encoding.Latin1.GetString(content), 0) >= 0 ? $"has a line that begins with '{Mark.TrimEnd()}', which names the sections of aggregated files" : null;

    /// <summary>Replaces a section by these files, or (none) removes it; true when that changed something.</summary>
    public bool Replace(string section, IReadOnlyList<byte[]> files)
    {
        var key = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(section));
        if (files.Count == 0)
            return _sections.Remove(key);
        var text = string.Join(Divider, files.Select(f => Encoding.Latin1.GetString(f)).Select(f => f.Length == 0 || f[^1] == '\n' ? f : f + "\n"));
        if (_sections.TryGetValue(key, out var before) && before == text)
            return false;
        _sections[key] = text;
        return true;
    }

    /// <summary>Null when no section is left.</summary>
    public byte[]? Write() => _sections.Count == 0 ? null : Encoding.Latin1.GetBytes(string.Join(Divider, _sections.Select(s => $"{Mark}{s.Key}\n{s.Value}")));

    // At the beginning of a line.
    private static int NextMark(string text, int from)
    {
        for (var at = text.IndexOf(Mark, from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Mark, at + 1, StringComparison.Ordinal))
        {
            if (at == 0 || text[at - 1] == '\n')
                return at;
        }

        return -1;
    }
}
