using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>From a template and a run to what runc reads.</summary>
internal static class OciConfig
{
    // A container's own copy of these, written into its bundle, so that what it changes stays its own.
    private const string Hosts = "/etc/hosts", HostnameFile = "/etc/hostname";

    public static JsonObject Of(OciTemplate template, ContainerRun run, IReadOnlyList<string> command, Bundle bundle, Sandbox? sandbox)
    {
        var config = template.Config.DeepClone().AsObject();
        var process = config.Made("process");
        process["args"] = command.ToJsonArray();
        process["env"] = Environment(process.Texts("env"), run).ToJsonArray();
        if (run.Container.WorkingDir is { } folder) process["cwd"] = folder;
        config["hostname"] = run.Pod.Hostname;
        var isReadOnly = config.At("root", "readonly").IsTrue();
        config["root"] = new JsonObject { ["path"] = bundle.RootFileSystem, ["readonly"] = isReadOnly };
        config["mounts"] = Mounts(template, run, bundle);
        var linux = config.Made("linux");
        linux["cgroupsPath"] = $"/kratix-actors/{bundle.Id}";
        if (sandbox is not null)
        {
            foreach (var network in linux.Objects("namespaces").Where(n => n.Text("type") == "network")) network["path"] = sandbox.Path;
        }
        return config;
    }

    /// <summary>The files that are mounted into the container, by the name they have in its bundle.</summary>
    public static IEnumerable<(string Name, string Content)> Files(OciTemplate template, ContainerRun run, Sandbox? sandbox, bool hasServer) =>
        template.Files.Select(file => (NameOf(file.Key), file.Key switch
        {
            Hosts => HostsOf(template, file.Value, run, sandbox, hasServer),
            HostnameFile => run.Pod.Hostname,
            _ => file.Value,
        }));

    private static IEnumerable<string> Environment(IEnumerable<string> template, ContainerRun run)
    {
        var env = template.Select(e => e.Split('=', 2)).ToDictionary(e => e[0], e => e[^1], StringComparer.Ordinal);
        env["HOSTNAME"] = run.Pod.Hostname;
        foreach (var (name, value) in run.Env) env[name] = value;
        return env.Select(e => $"{e.Key}={e.Value}");
    }

    private static JsonArray Mounts(OciTemplate template, ContainerRun run, Bundle bundle)
    {
        var own = run.Mounts.Select(m => Bind(m.ContainerPath, m.HostPath, m.ReadOnly ? "ro" : "rw", "rprivate", "rbind"));
        var given = template.Config.Objects("mounts")
            .Where(m => run.Mounts.All(r => r.ContainerPath.TrimEnd('/') != m.Text("destination")))
            .Select(m => Given(m, template, bundle));
        // The root is an overlay that exists in the container's own mount namespace only: when the container ends, nothing is left mounted.
        return [RootOf(template, bundle), .. given.Concat(own).OrderBy(m => Depth(m.Text("destination")))];
    }

    private static JsonObject RootOf(OciTemplate template, Bundle bundle) => new()
    {
        ["destination"] = "/",
        ["type"] = "overlay",
        ["source"] = "overlay",
        ["options"] = new JsonArray($"lowerdir={template.Layers}", $"upperdir={Escaped(bundle.Written)}", $"workdir={Escaped(bundle.Work)}"),
    };

    private static JsonObject Given(JsonObject mount, OciTemplate template, Bundle bundle)
    {
        var path = mount.Text("destination");
        if (path == "/dev/shm")
        {
            return new JsonObject
            {
                ["destination"] = path, ["type"] = "tmpfs", ["source"] = "shm",
                ["options"] = new JsonArray("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            };
        }
        var copy = mount.DeepClone().AsObject();
        if (template.Files.ContainsKey(path)) copy["source"] = bundle.PathOf(NameOf(path));
        return copy;
    }

    private static JsonObject Bind(string path, string source, params string[] options) =>
        new() { ["destination"] = path, ["type"] = "bind", ["source"] = source, ["options"] = options.ToJsonArray() };

    private static int Depth(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Length;

    private static string Escaped(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static string NameOf(string path) => "file" + path.Replace('/', '_');

    private static string HostsOf(OciTemplate template, string hosts, ContainerRun run, Sandbox? sandbox, bool hasServer)
    {
        var lines = hosts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.Contains(OciTemplate.Hostname, StringComparison.Ordinal));
        if (sandbox is not null && template.Gateway is { } gateway) lines = lines.Select(l => l.StartsWith(gateway + "\t", StringComparison.Ordinal) ? sandbox.Gateway + l[gateway.Length..] : l);
        if (hasServer && template.Network != NetworkKind.None) lines = lines.Append($"{sandbox?.Gateway ?? "127.0.0.1"}\t{ServerAccess.HostName}");
        return string.Concat(lines.Append($"{sandbox?.Address ?? "127.0.0.1"}\t{run.Pod.Hostname}").Select(l => l + "\n"));
    }
}
