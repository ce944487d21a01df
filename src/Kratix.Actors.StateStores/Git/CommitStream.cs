using System.Globalization;
using System.Text;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Git;

/// <summary>One commit as <c>git fast-import</c> reads it.</summary>
internal sealed record CommitStream(string? Parent, string AuthorName, string AuthorEmail, DateTimeOffset Time, string Message, IReadOnlyList<FileChange> Changes)
{
    /// <summary>The only branch the cache writes itself; it keeps our last commit from being forgotten.</summary>
    public const string Branch = "refs/kratix/written";

    public async Task WriteTo(Stream stream, BatchContents contents, CancellationToken cancellation)
    {
        await using var output = new BufferedStream(stream, 256 * 1024);
        var who = $"{Name(AuthorName)} <{Name(AuthorEmail)}> {Time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)} +0000\n";
        await Text($"reset {Branch}\ncommit {Branch}\nmark :1\nauthor {who}committer {who}");
        await Data(Encoding.UTF8.GetBytes(Message));
        if (Parent is not null)
            await Text($"from {Parent}\n");
        foreach (var change in Changes.Where(c => c.Digest is null))
            await Text($"D {Quoted(change.Key)}\n");
        foreach (var change in Changes.Where(c => c.Digest is not null))
        {
            await Text($"M 100644 inline {Quoted(change.Key)}\n");
            await Data(await contents.Bytes(change.Digest!, PathKey.Path(change.Key)));
        }

        await Text("\nget-mark :1\ndone\n");
        await output.FlushAsync(cancellation);

        async Task Text(string text) => await output.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);

        async Task Data(byte[] bytes)
        {
            await Text($"data {bytes.Length.ToString(CultureInfo.InvariantCulture)}\n");
            await output.WriteAsync(bytes, cancellation);
            await Text("\n");
        }
    }

    // Every byte that is not plain is an octal escape, so a name can neither end the line nor the quotes.
    private static string Quoted(string key)
    {
        var text = new StringBuilder(key.Length + 2).Append('"');
        foreach (var c in key)
        {
            if (c is < ' ' or > '~' or '"' or '\\')
                text.Append('\\').Append(Convert.ToString(c, 8).PadLeft(3, '0'));
            else
                text.Append(c);
        }

        return text.Append('"').ToString();
    }

    private static string Name(string text) => new string([.. text.Where(c => !char.IsControl(c) && c is not ('<' or '>') && !char.IsSurrogate(c))]).Trim();
}

/// <summary>What a commit says of itself: a subject as Kratix writes it, and a trailer for every intent that changed something.</summary>
internal static class CommitMessage
{
    public static string Of(IReadOnlyList<WriteIntent> changed)
    {
        var verb = changed.All(i => i.Action == "Delete") ? "Delete" : "Update";
        var placements = changed.Select(i => i.Placement).Distinct(StringComparer.Ordinal).ToList();
        var subject = placements.Count == 1 ? Token(placements[0]) : $"{placements.Count.ToString(CultureInfo.InvariantCulture)} placements";
        var message = new StringBuilder($"{verb} from: {subject}\n\n");
        foreach (var intent in changed)
            message.Append("Kratix-Placement: ").Append(Token(intent.Action)).Append(' ').Append(Token(intent.Placement))
                .Append(" request=").Append(Token(intent.Request)).Append(" run=").Append(Token(intent.RunId)).Append('\n');
        return message.ToString();
    }

    /// <summary>A name as one word: whatever could end the word, the line or the paragraph is percent-encoded.</summary>
    private static string Token(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || "-._/:@+,~()".Contains((char)b, StringComparison.Ordinal))
                text.Append((char)b);
            else
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.Length == 0 ? "-" : text.ToString();
    }
}
