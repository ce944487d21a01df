using System.Globalization;
using System.Text;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>Which part of a container's log is wanted.</summary>
/// <param name="Uid">The Pod's uid; empty for the newest Pod of that name, which may be gone.</param>
/// <param name="TailLines">At most so many of the last lines; null for all.</param>
/// <param name="Previous">The attempt before the newest.</param>
public sealed record PodLogRequest(
    string Namespace, string Pod, string Uid, string Container, bool Follow = false, int? TailLines = null, bool Timestamps = false, bool Previous = false, DateTimeOffset? Since = null, long? LimitBytes = null);

/// <summary>Reads what containers wrote. Logs outlive their containers and, for a while, their Pods.</summary>
public sealed class PodLogs
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(200);
    private readonly NodeContext _node;

    internal PodLogs(NodeContext node) => _node = node;

    /// <summary>
    /// Copies the log to <paramref name="output"/>, and with <see cref="PodLogRequest.Follow"/> what is added, until the container ends.
    /// False: there is no such log (yet).
    /// </summary>
    public async Task<bool> Copy(PodLogRequest request, Stream output, CancellationToken ct)
    {
        if (Find(request) is not { } path) return false;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var reader = new LogReader(request);
        var position = request.TailLines is { } lines ? LogReader.TailStart(file, lines) : 0;
        while (true)
        {
            var ended = !request.Follow || !_node.LiveLogs.ContainsKey(path); // asked before reading, so that the last lines are not missed
            if (file.Length < position) position = 0; // full and started afresh
            position = await reader.CopyFrom(file, position, output, ct);
            if (ended || reader.IsFull) return true;
            await output.FlushAsync(ct);
            await NextLook(path, ct);
        }
    }

    private async Task NextLook(string path, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var look = Task.Delay(FollowInterval, _node.Options.Time, over.Token);
        await Task.WhenAny(look, _node.LiveLogs.TryGetValue(path, out var live) ? live.Task : Task.CompletedTask);
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private string? Find(PodLogRequest request)
    {
        if (new[] { request.Namespace, request.Pod, request.Uid, request.Container }.Any(part => part.Contains('/') || part == "..")) return null;
        var pod = request.Uid.Length > 0
            ? _node.Folders.LogsOf(new PodIdentity(request.Namespace, request.Pod, request.Uid))
            : _node.Folders.NewestLogsOf(request.Namespace, request.Pod);
        if (pod is null) return null;
        var folder = Path.Combine(pod, request.Container);
        if (!Directory.Exists(folder)) return null;
        var attempts = Directory.EnumerateFiles(folder, "*.log").Select(f => int.Parse(Path.GetFileNameWithoutExtension(f), CultureInfo.InvariantCulture)).Order().ToList();
        var index = attempts.Count - (request.Previous ? 2 : 1);
        return index < 0 ? null : Path.Combine(folder, attempts[index].ToString(CultureInfo.InvariantCulture) + ".log");
    }
}
