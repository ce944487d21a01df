using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>
/// A Pod's volumes as folders below its own folder: made once, before its first container, and found again after a restart of the node.
/// What containers write there is hostile: a path is followed only while it meets no link.
/// </summary>
internal sealed class PodVolumes(NodeFolders folders, PodSpec pod, IPodStore store, string nodeName)
{
    private const UnixFileMode EveryoneMayWrite = (UnixFileMode)0b111_111_111;

    private string Root => Path.Combine(folders.OfPod(pod.Identity.Uid), "volumes");

    /// <exception cref="ConfigException">A volume is of a kind this node does not know, or refers to something that is not there.</exception>
    public async Task Prepare(CancellationToken ct)
    {
        Directory.CreateDirectory(Root);
        if (pod.Volumes.Any(IsInMemory)) folders.Memory.Create();
        foreach (var volume in pod.Volumes)
        {
            var path = PathOf(volume.Name);
            if (Directory.Exists(path)) continue;
            var staged = path + ".new";
            if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
            Directory.CreateDirectory(staged);
            await Fill(volume, staged, ct);
            File.SetUnixFileMode(staged, volume.Source["emptyDir"] is null ? (UnixFileMode)0b111_101_101 : EveryoneMayWrite);
            if (pod.FsGroup is { } group) await GiveTo(group, staged, volume.Source["emptyDir"] is null ? "g+rX" : "g+rwX");
            Directory.Move(staged, path);
        }
    }

    /// <summary>Bytes on disk, as far as they can be counted while containers write; null when the volume is not there.</summary>
    public async Task<decimal?> Used(string volume)
    {
        if (!Directory.Exists(PathOf(volume))) return null;
        var result = await Tool("du").Run(["-skx", PathOf(volume)], CancellationToken.None);
        return decimal.TryParse(result.Output.Split('\t')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes * 1024 : null;
    }

    /// <summary>Where a mount lies on this machine. A missing <c>subPath</c> is made as a folder, as Kubernetes does.</summary>
    /// <exception cref="ConfigException">There is no such volume, or the sub-path leaves it.</exception>
    public string HostPath(string container, MountSpec mount)
    {
        if (pod.Volumes.All(v => v.Name != mount.Volume)) throw new ConfigException($"container {container}: volumeMounts names the volume '{mount.Volume}', which the Pod does not have");
        var path = PathOf(mount.Volume);
        if (mount.SubPath.Length == 0) return path;
        foreach (var part in Parts(mount.SubPath, $"container {container}: subPath of volume {mount.Volume}"))
        {
            path = Path.Combine(path, part);
            if (new FileInfo(path).LinkTarget is not null)
                throw new ConfigException($"container {container}: subPath '{mount.SubPath}' of volume {mount.Volume} leads through the symbolic link '{part}'");
        }
        if (!Path.Exists(path)) Directory.CreateDirectory(path, EveryoneMayWrite);
        return path;
    }

    /// <summary>Emptied data of writable volumes is gone for good; called when the Pod will not run again.</summary>
    public async Task Delete()
    {
        foreach (var folder in (string?[])[folders.OfPod(pod.Identity.Uid), folders.Memory.OfPod(pod.Identity.Uid)])
        {
            if (folder is not null) await HostileFolder.Remove(folder);
        }
    }

    private static EngineProcess Tool(string name) => new(name, new Dictionary<string, string>());

    // As a kubelet does for fsGroup, also for files that are made later.
    private static async Task GiveTo(long group, string folder, string mode)
    {
        foreach (var (tool, arguments) in ((string, string[])[])[("chgrp", ["-R", group.ToString(CultureInfo.InvariantCulture), folder]), ("chmod", ["-R", mode, folder]), ("chmod", ["g+s", folder])])
        {
            var result = await Tool(tool).Run(arguments, CancellationToken.None);
            if (result.ExitCode != 0) throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"volumes cannot be given to fsGroup {group}: {result.LastError}"));
        }
    }

    private string PathOf(string volume)
    {
        var name = Parts(volume, "volume name").Single();
        if (!pod.Volumes.Any(v => v.Name == volume && IsInMemory(v))) return Path.Combine(Root, name);
        return folders.Memory.OfPod(pod.Identity.Uid) is { } memory
            ? Path.Combine(memory, name)
            : throw new ConfigException($"volume {volume}: emptyDir.medium is Memory, and this machine has no /dev/shm; leave it out, and the volume lies on the disk");
    }

    /// <exception cref="ConfigException">The medium is of a kind this node does not know.</exception>
    private static bool IsInMemory(VolumeSpec volume) => volume.Source.At("emptyDir", "medium")?.AsText() switch
    {
        null or "" => false,
        "Memory" => true,
        var other => throw new ConfigException($"volume {volume.Name}: emptyDir.medium '{other}' is not known to this node; known is Memory, and without it the volume lies on the disk"),
    };

    private async Task Fill(VolumeSpec volume, string path, CancellationToken ct)
    {
        if (volume.Source["emptyDir"] is not null) return;
        if (volume.Source.Child("projected") is { } projected)
        {
            foreach (var source in projected.Objects("sources")) await FillFrom(volume, source, projected, path, ct);
            return;
        }
        await FillFrom(volume, volume.Source, null, path, ct);
    }

    private async Task FillFrom(VolumeSpec volume, JsonObject holder, JsonObject? projected, string path, CancellationToken ct)
    {
        if (holder.Child("downwardAPI") is { } downward)
        {
            foreach (var item in downward.Objects("items")) Write(volume, path, item.Text("path"), Downward(volume, item), item.Number("mode") ?? downward.Number("defaultMode"));
            return;
        }
        if (projected is not null && holder.Child("serviceAccountToken") is { } token)
        {
            var audiences = token.TextOrNull("audience") is { Length: > 0 } audience ? [audience] : Array.Empty<string>();
            var text = await store.Token(pod.Identity, pod.ServiceAccount, audiences, ct) ?? throw new ConfigException($"volume {volume.Name}: serviceaccount \"{pod.ServiceAccount}\" not found");
            Write(volume, path, token.Text("path"), Encoding.UTF8.GetBytes(text), projected.Number("defaultMode"));
            return;
        }
        var isSecret = holder.Child("secret") is not null;
        if ((holder.Child("secret") ?? holder.Child("configMap")) is not { } source)
        {
            throw new ConfigException(
                $"volume {volume.Name} is of the kind {string.Join(", ", holder.Select(h => h.Key).Where(k => k != "name"))}; this node knows emptyDir, configMap, secret, downwardAPI, and projections of the last three and of serviceAccountToken");
        }
        var name = source.TextOrNull("secretName") ?? source.Text("name");
        var data = await ObjectData.Read(store, pod.Identity.Namespace, isSecret, name, source["optional"].IsTrue(), ct);
        if (data is null) return;
        var mode = source.Number("defaultMode") ?? projected?.Number("defaultMode");
        if (source["items"] is not JsonArray)
        {
            foreach (var (key, value) in data) Write(volume, path, key, value, mode);
            return;
        }
        foreach (var item in source.Objects("items"))
        {
            if (data.TryGetValue(item.Text("key"), out var value)) Write(volume, path, item.Text("path"), value, item.Number("mode") ?? mode);
            else if (!source["optional"].IsTrue()) throw new ConfigException($"volume {volume.Name}: {(isSecret ? "secret" : "configmap")} \"{name}\" has no key '{item.Text("key")}'");
        }
    }

    private byte[] Downward(VolumeSpec volume, JsonObject item)
    {
        if (item.Child("resourceFieldRef") is { } resource) return Encoding.UTF8.GetBytes(ResourceField.Read(pod, resource.Text("containerName"), resource));
        var field = item.At("fieldRef", "fieldPath").AsText();
        return Encoding.UTF8.GetBytes(FieldPath.Read(pod, field, nodeName)
            ?? throw new ConfigException($"volume {volume.Name}: fieldRef '{field}' is not a field this node knows; known are {FieldPath.Known}"));
    }

    private static void Write(VolumeSpec volume, string folder, string relative, byte[] bytes, long? mode)
    {
        var path = Path.Combine([folder, .. Parts(relative, $"volume {volume.Name}: path")]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        File.SetUnixFileMode(path, (UnixFileMode)((mode ?? 0b110_100_100) & 0b111_111_111));
    }

    private static string[] Parts(string relative, string what)
    {
        string[] parts = [.. relative.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".")];
        if (relative.StartsWith('/') || parts.Length == 0 || parts.Contains("..") || relative.Contains('\0'))
            throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"{what} '{relative}' must be a relative path without '..'"));
        return parts;
    }
}
