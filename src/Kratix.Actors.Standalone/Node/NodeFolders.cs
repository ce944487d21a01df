using System.Globalization;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>Where the node keeps what. Volumes may hold Secrets, so only the node's own user may look inside.</summary>
internal sealed class NodeFolders(string dataFolder)
{
    private const long LeastFreeBytes = 1024 * 1024;
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

    /// <summary>What a container cannot say of its failure when its log and last words lie on the disk that it filled; null when there is room.</summary>
    public string? SpaceProblem() => new DriveInfo(Root) is { AvailableFreeSpace: < LeastFreeBytes and var free }
        ? string.Create(CultureInfo.InvariantCulture, $"the disk is full: {free} bytes are free at {Root}, where volumes and the files of containers lie; a sizeLimit ends a Pod before it fills the disk") : null;

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
    /// <exception cref="AggregateException">Some could not be removed; all others are.</exception>
    public async Task RemoveLeftovers(IReadOnlySet<string> liveUids, int keptLogs, DateTimeOffset keptSince)
    {
        var volumes = Directory.EnumerateDirectories(Pods).Concat(Memory.Pods()).Where(f => !liveUids.Contains(Path.GetFileName(f)));
        var ofGonePods = Directory.EnumerateDirectories(Logs).Where(f => !liveUids.Contains(f[(f.LastIndexOf('_') + 1)..]));
        var newestFirst = ofGonePods.Select(f => (Folder: f, Gone: Directory.GetLastWriteTimeUtc(f))).OrderByDescending(f => f.Gone).ToList();
        var logs = newestFirst.Where((f, i) => i >= keptLogs || f.Gone < keptSince.UtcDateTime).Select(f => f.Folder);
        var failures = new List<Exception>();
        foreach (var folder in volumes.Concat(logs).ToList())
        {
            try
            {
                await HostileFolder.Remove(folder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                failures.Add(failure);
            }
        }
        if (failures.Count > 0) throw new AggregateException(failures);
    }
}
