using System.Globalization;

namespace Kratix.Actors.Standalone.Nodes;

/// <summary>Where the node keeps what. Volumes may hold Secrets, so only the node's own user may look inside.</summary>
internal sealed class NodeFolders(string dataFolder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.Combine(Path.GetFullPath(dataFolder), "node");

    public string Pods => Path.Combine(Root, "pods");

    public string Logs => Path.Combine(Root, "logs");

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

    /// <summary>Removes what belongs to no Pod any more: volumes at once, logs beyond the kept number, oldest first.</summary>
    public void RemoveLeftovers(IReadOnlySet<string> liveUids, int keptLogs)
    {
        foreach (var folder in Directory.EnumerateDirectories(Pods))
        {
            if (!liveUids.Contains(Path.GetFileName(folder))) Directory.Delete(folder, recursive: true);
        }
        var ofGonePods = Directory.EnumerateDirectories(Logs).Where(f => !liveUids.Contains(f[(f.LastIndexOf('_') + 1)..]));
        foreach (var folder in ofGonePods.OrderByDescending(Directory.GetCreationTimeUtc).Skip(keptLogs).ToList()) Directory.Delete(folder, recursive: true);
    }
}
