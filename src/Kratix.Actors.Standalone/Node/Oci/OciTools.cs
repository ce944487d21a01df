using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>The programs Podman itself runs containers with, for a node that runs them without Podman in between.</summary>
/// <param name="StorageRoot">Podman's storage, where images lie unpacked.</param>
internal sealed record OciTools(string Runc, string Conmon, string Ip, string Netavark, string StorageRoot)
{
    private static readonly string[] Folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/lib/podman", "/usr/libexec/podman", "/usr/local/libexec/podman"];

    // What the kernel takes as the writable half of an overlay is any local file system; these are none or are overlays themselves.
    private static readonly string[] NoUpperLayer = ["overlay", "nfs", "9p", "cifs", "smb", "fuse", "vfat", "msdos"];

    /// <summary>Changes with every image that is made, pulled, tagged or removed.</summary>
    public string ImageIndex => Path.Combine(StorageRoot, "overlay-images", "images.json");

    /// <returns>The tools, or why this machine cannot do without Podman in between.</returns>
    public static (OciTools? Tools, string? Missing) Find(JsonObject podmanInfo, NodeOptions options)
    {
        var host = podmanInfo.Child("host") ?? [];
        var store = podmanInfo.Child("store") ?? [];
        if (!Environment.IsPrivilegedProcess) return (null, "the node is not root");
        if (host.Child("security")?["selinuxEnabled"].IsTrue() == true) return (null, "SELinux is enabled");
        if (store.Text("graphDriverName") != "overlay") return (null, $"Podman stores images with '{store.Text("graphDriverName")}', not with overlay");
        if (options.Network is not ("auto" or "bridge" or "host" or "none")) return (null, $"the network is '{options.Network}', which is Podman's own");
        var format = new DriveInfo(options.DataFolder).DriveFormat;
        if (NoUpperLayer.Any(f => format.StartsWith(f, StringComparison.Ordinal))) return (null, $"the data folder lies on a file system of type {format}");
        var ociRuntime = host.Child("ociRuntime") ?? [];
        var runc = ociRuntime.Text("name") == "runc" ? ociRuntime.Text("path") : Program("runc");
        if (runc is null) return (null, "there is no runc");
        if (host.Child("conmon")?.TextOrNull("path") is not { } conmon) return (null, "there is no conmon");
        if (host.Text("networkBackend") != "netavark" || Program("netavark") is not { } netavark) return (null, "Podman's networks are not made with netavark");
        return Program("ip") is { } ip ? (new OciTools(runc, conmon, ip, netavark, store.Text("graphRoot")), null) : (null, "there is no ip (package iproute2)");
    }

    private static string? Program(string name) => Folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);
}
