using System.Globalization;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>From lines <c>TIME STREAM F|P TEXT</c> to what the container wrote: <c>P</c> lines are parts of one line.</summary>
internal sealed class LogReader(PodLogQuery query, TimeProvider time)
{
    private readonly DateTimeOffset? _since = query.SinceSeconds is { } seconds ? time.GetUtcNow().AddSeconds(-seconds) : null;
    private bool _inLine;
    private long _copied;

    public bool IsFull => query.LimitBytes is { } limit && _copied >= limit;

    /// <returns>Where the next unread line begins; a line still being written is left for later.</returns>
    public async Task<long> CopyFrom(FileStream file, long position, Stream output, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        var carried = new MemoryStream();
        file.Seek(position, SeekOrigin.Begin);
        for (int read; !IsFull && (read = await file.ReadAsync(buffer, ct)) > 0;)
        {
            var rest = buffer.AsMemory(0, read);
            while (!IsFull && rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                carried.Write(rest.Span[..end]);
                position += carried.Length + 1;
                await CopyLine(carried.ToArray(), output, ct);
                carried.SetLength(0);
                rest = rest[(end + 1)..];
            }
            carried.Write(rest.Span);
        }
        return position;
    }

    /// <summary>The last words of a log, short enough for a status; null when there are none.</summary>
    public static string? End(string path)
    {
        const int MostLines = 20, MostCharacters = 2048;
        if (!File.Exists(path)) return null;
        var lines = File.ReadLines(path).TakeLast(MostLines).Select(l => l.Split(' ', 4)).Where(p => p.Length == 4).Select(p => p[3]);
        var text = string.Join('\n', lines).Trim();
        return text.Length == 0 ? null : text.Length > MostCharacters ? text[^MostCharacters..] : text;
    }

    /// <summary>Where the last <paramref name="lines"/> lines begin.</summary>
    public static long TailStart(FileStream file, int lines)
    {
        if (lines <= 0) return file.Length;
        var starts = new Queue<long>(lines + 1);
        var (position, continues, atStart) = (0L, false, true);
        file.Seek(0, SeekOrigin.Begin); // the file buffers by itself
        var header = new List<byte>(64);
        for (int b; (b = file.ReadByte()) >= 0; position++)
        {
            if (atStart)
            {
                if (!continues) starts.Enqueue(position);
                if (starts.Count > lines) starts.Dequeue();
                (atStart, continues) = (false, false);
                header.Clear();
            }
            if (header.Count < 64) header.Add((byte)b);
            if (b != '\n') continue;
            continues = IsPart(Encoding.UTF8.GetString([.. header]));
            atStart = true;
        }
        return starts.Count == 0 ? 0 : starts.Peek();
    }

    private async Task CopyLine(byte[] line, Stream output, CancellationToken ct)
    {
        var text = Encoding.UTF8.GetString(line);
        var parts = text.Split(' ', 4);
        if (parts.Length < 4) return; // torn by a full disk or a killed engine
        if (_since is { } since && DateTimeOffset.TryParse(parts[0], CultureInfo.InvariantCulture, out var at) && at < since) return;
        var written = (query.Timestamps && !_inLine ? parts[0] + " " : "") + parts[3] + (parts[2] == "P" ? "" : "\n");
        _inLine = parts[2] == "P";
        var bytes = Encoding.UTF8.GetBytes(written);
        var length = query.LimitBytes is { } limit ? (int)Math.Min(bytes.Length, limit - _copied) : bytes.Length;
        _copied += length;
        await output.WriteAsync(bytes.AsMemory(0, length), ct);
    }

    private static bool IsPart(string header) => header.Split(' ') is [_, _, "P", ..];
}
