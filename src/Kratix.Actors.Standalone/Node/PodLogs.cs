using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>Reads what containers wrote. Logs outlive their containers and, for a while, their Pods. May be made before the node is started.</summary>
public sealed class PodLogs(string dataFolder, TimeProvider time) : IPodLogs
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(200);
    private readonly NodeFolders _folders = new(dataFolder);

    // Logs still being written, by path: who follows one waits for its end.
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _live = new(StringComparer.Ordinal);

    public Task<Stream?> Open(PodLogQuery query, CancellationToken ct)
    {
        if (Find(query) is not { } path) return Task.FromResult<Stream?>(null);
        var pipe = new Pipe();
        _ = Fill(path, query, pipe.Writer, ct);
        return Task.FromResult<Stream?>(pipe.Reader.AsStream());
    }

    /// <summary>A log is being written until the result is disposed.</summary>
    internal IDisposable Live(string path)
    {
        _live[path] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LiveLog(this, path);
    }

    private async Task Fill(string path, PodLogQuery query, PipeWriter writer, CancellationToken ct)
    {
        try
        {
            await using var output = writer.AsStream(leaveOpen: true);
            await Copy(path, query, output, ct);
            await writer.CompleteAsync();
        }
        catch (Exception failure) // the reader of the stream gets it
        {
            await writer.CompleteAsync(failure);
        }
    }

    private async Task Copy(string path, PodLogQuery query, Stream output, CancellationToken ct)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 * 1024);
        var reader = new LogReader(query, time);
        var position = query.TailLines is { } lines ? LogReader.TailStart(file, lines) : 0;
        while (true)
        {
            var ended = !query.Follow || !_live.ContainsKey(path); // asked before reading, so that the last lines are not missed
            if (file.Length < position) position = 0; // full and started afresh
            position = await reader.CopyFrom(file, position, output, ct);
            await output.FlushAsync(ct);
            if (ended || reader.IsFull) return;
            await NextLook(path, ct);
        }
    }

    private async Task NextLook(string path, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var look = Task.Delay(FollowInterval, time, over.Token);
        await Task.WhenAny(look, _live.TryGetValue(path, out var live) ? live.Task : Task.CompletedTask);
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private string? Find(PodLogQuery query)
    {
        if (((string[])[query.Namespace, query.Pod, query.Container]).Any(part => part.Contains('/') || part == "..")) return null;
        if (_folders.NewestLogsOf(query.Namespace, query.Pod) is not { } pod) return null;
        var folder = Path.Combine(pod, query.Container);
        if (!Directory.Exists(folder)) return null;
        var attempts = Directory.EnumerateFiles(folder, "*.log").Select(f => int.Parse(Path.GetFileNameWithoutExtension(f), CultureInfo.InvariantCulture)).Order().ToList();
        var index = attempts.Count - (query.Previous ? 2 : 1);
        return index < 0 ? null : Path.Combine(folder, attempts[index].ToString(CultureInfo.InvariantCulture) + ".log");
    }

    private sealed class LiveLog(PodLogs logs, string path) : IDisposable
    {
        public void Dispose()
        {
            if (logs._live.TryRemove(path, out var ended)) ended.TrySetResult();
        }
    }
}
