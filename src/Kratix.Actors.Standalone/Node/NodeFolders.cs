using System.Globalization;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>Where the node keeps what. Volumes may hold Secrets, so only the node's own user may look inside.</summary>
internal sealed class NodeFolders(string dataFolder)
{
    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.Combine(Path.GetFullPath(dataFolder), "node");

    public string Pods => Path.Combine(Root, "pods");

    public string Logs => Path.Combine(Root, "logs");

    /// <summary>For volumes that are to lie in memory.</summary>
    public MemoryFolder Memory { get; } = new(Path.Combine(Path.GetFullPath(dataFolder), "node"));

    public void Create()
    {
        foreach (var folder in (string[])[Root, Pods, Logs]) Directory.CreateDirectory(folder, OwnerOnly);
    }

    public string OfPod(string uid) => Path.Combine(Pods, uid);

    public string LogsOf(PodIdentity pod) => Path.Combine(Logs, $"{pod.Namespace}_{pod.Name}_{pod.Uid}");

    public string Log(PodIdentity pod, string container, int attempt) =>
        Path.Combine(LogsOf(pod), container, attempt.ToString(CultureInfo.InvariantCulture) + ".log");

    /// <summary>The log folder of the newest Pod of that name, also when the Pod is gone.</summary>
    public string? NewestLogsOf(string ns, string pod) =>
        !Directory.Exists(Logs) ? null : Directory.EnumerateDirectories(Logs, $"{ns}_{pod}_*").MaxBy(Directory.GetCreationTimeUtc);

    /// <summary>From now on its logs are those of a Pod that is gone.</summary>
    public void PodIsGone(PodIdentity pod, DateTimeOffset now)
    {
        if (Directory.Exists(LogsOf(pod))) Directory.SetLastWriteTimeUtc(LogsOf(pod), now.UtcDateTime);
    }

    /// <summary>Removes what belongs to no Pod any more: volumes at once, logs beyond the kept number or time, oldest first.</summary>
    public void RemoveLeftovers(IReadOnlySet<string> liveUids, int keptLogs, DateTimeOffset keptSince)
    {
        foreach (var folder in Directory.EnumerateDirectories(Pods))
        {
            if (!liveUids.Contains(Path.GetFileName(folder))) Directory.Delete(folder, recursive: true);
        }
        Memory.RemoveLeftovers(liveUids);
        var ofGonePods = Directory.EnumerateDirectories(Logs).Where(f => !liveUids.Contains(f[(f.LastIndexOf('_') + 1)..]));
        var newestFirst = ofGonePods.Select(f => (Folder: f, Gone: Directory.GetLastWriteTimeUtc(f))).OrderByDescending(f => f.Gone).ToList();
        foreach (var (folder, _) in newestFirst.Where((f, i) => i >= keptLogs || f.Gone < keptSince.UtcDateTime)) Directory.Delete(folder, recursive: true);
    }
}
