using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Oci;

internal enum NetworkKind
{
    /// <summary>The machine's own.</summary>
    Host,

    /// <summary>Loopback only.</summary>
    None,

    /// <summary>An address on a bridge.</summary>
    Bridge,
}

/// <summary>
/// How Podman would run one kind of container: the same image, user, capabilities, limits and network. Only what differs from one run to the
/// next is missing, so isolation is Podman's to the letter, seccomp profile and <c>containers.conf</c> included.
/// </summary>
/// <param name="Files">Contents of the small files Podman mounts, by their path in the container.</param>
/// <param name="Layers">The image's unpacked layers, the topmost first, as the kernel's <c>lowerdir</c> wants them.</param>
/// <param name="Gateway">The machine's address on Podman's bridge; null without one.</param>
internal sealed record OciTemplate(JsonObject Config, NetworkKind Network, string Layers, ImmutableSortedDictionary<string, string> Files, string? Gateway)
{
    /// <summary>The name a template's container has for itself.</summary>
    public const string Hostname = "kratix-actors-template";

    // Programs for a third instruction set, which kernels no longer offer, cost a fifth of the time a container takes to start.
    private const string DeadArchitecture = "SCMP_ARCH_X32";

    public string StopSignal => Config.At("annotations", "org.opencontainers.image.stopSignal").AsText() is { Length: > 0 } signal ? signal : "15";

    /// <summary>Whether a container of this kind may change its network for those that get it next.</summary>
    public bool MayChangeNetwork => (Config.At("process", "capabilities", "bounding") as JsonArray ?? []).Any(c => c.AsText() is "CAP_NET_ADMIN" or "CAP_SYS_ADMIN");

    /// <returns>The template, or why containers of this kind are better left to Podman.</returns>
    public static (OciTemplate? Template, string? Unsupported) From(JsonObject config, JsonObject inspected, string storageRoot)
    {
        if (config.Child("hooks") is not null) return (null, "Podman adds hooks to it");
        var files = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var mount in (config["mounts"] as JsonArray ?? []).OfType<JsonObject>().Where(m => m.Text("type") == "bind" && m.Text("destination") != "/dev/shm").ToList())
        {
            var source = mount.Text("source");
            if (!File.Exists(source)) return (null, $"its image declares the volume {mount.Text("destination")}");
            if (source.StartsWith("/dev/", StringComparison.Ordinal)) continue;
            files[mount.Text("destination")] = File.ReadAllText(source);
        }
        if (Joined(inspected.At("GraphDriver", "Data", "LowerDir").AsText(), storageRoot) is not { } layers) return (null, "its image has too many layers");
        (config.At("linux", "seccomp", "architectures") as JsonArray)?.RemoveAll(a => a.AsText() == DeadArchitecture);
        var network = (config.At("linux", "namespaces") as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(n => n.Text("type") == "network");
        var kind = network is null ? NetworkKind.Host : network.TextOrNull("path") is null ? NetworkKind.None : NetworkKind.Bridge;
        return (new OciTemplate(config, kind, layers, files.ToImmutable(), inspected.At("NetworkSettings", "Gateway").AsText() is { Length: > 0 } gateway ? gateway : null), null);
    }

    // All mount options together must fit into one page, so the short names that Podman's storage keeps for its layers are used.
    private static string? Joined(string lowerDirs, string storageRoot)
    {
        var folders = lowerDirs.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(Short).ToList();
        var joined = string.Join(':', folders);
        return folders.Count > 0 && joined.Length < 3000 ? joined : null;

        string Short(string folder)
        {
            var link = Path.Combine(Path.GetDirectoryName(folder)!, "link");
            return File.Exists(link) ? Path.Combine(storageRoot, "overlay", "l", File.ReadAllText(link).Trim()) : folder;
        }
    }
}
