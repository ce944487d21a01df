using System.Globalization;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>
/// From a container of a Pod to one <c>run</c> command line. Values of the environment are not among the arguments, which anyone on the machine
/// can read: they go through the command's standard input.
/// </summary>
/// <param name="gateway">The API server's address for containers on a bridge; null when they have none.</param>
internal sealed class RunArguments(EngineInfo engine, string nodeId, string network, long maxLogBytes, string? gateway)
{
    // What changes how the engine's own command behaves must not be set from a Pod.
    private static readonly string[] NotInherited =
        ["PATH", "HOME", "USER", "TMPDIR", "LD_", "GO", "XDG_", "DBUS_", "DOCKER_", "CONTAINER", "_CONTAINER", "STORAGE_", "REGISTRY_", "SSL_", "NOTIFY_SOCKET", "LISTEN_", "HTTP", "NO_PROXY", "http", "no_proxy", "ALL_PROXY"];

    public IReadOnlyList<string> NodeLabel => ["--label", $"{ContainerLabels.Node}={nodeId}"];

    public IReadOnlyList<string> Of(ContainerRun run)
    {
        var (pod, container) = (run.Pod, run.Container);
        var arguments = new List<string> { "run", "--name", run.Name, "--pull", "never", "--sig-proxy=false", "--hostname", pod.Hostname };
        AddLabels(arguments, run);
        AddLog(arguments, run);
        if ((NetworkOf(run) == "host" ? "127.0.0.1" : gateway) is { } server) Add(arguments, "--add-host", $"{ServerAccess.HostName}:{server}");
        Add(arguments, "--env-file", "/dev/stdin");
        foreach (var name in Inherited(run.Env).Keys) Add(arguments, "--env", name);
        foreach (var mount in run.Mounts) Add(arguments, "--mount", Mount(mount));
        if (container.WorkingDir is { } folder) Add(arguments, "--workdir", folder);
        arguments.AddRange(Kind(run));
        if (run.Command.Count > 0) Add(arguments, "--entrypoint", run.Command[0]);
        arguments.Add(container.Image);
        arguments.AddRange(run.Command.Skip(1));
        arguments.AddRange(run.Args);
        return arguments;
    }

    /// <summary>Network, rights and limits: what containers of many runs have in common.</summary>
    public IReadOnlyList<string> Kind(ContainerRun run)
    {
        var arguments = new List<string>();
        if (NetworkOf(run) is not "auto" and var net) Add(arguments, "--network", net);
        AddSecurity(arguments, run.Container.Security, run.Pod);
        AddLimits(arguments, run);
        return arguments;
    }

    /// <summary>The environment as the lines of an env file.</summary>
    public static string EnvFile(IReadOnlyDictionary<string, string> env)
    {
        var lines = new StringBuilder();
        foreach (var (name, value) in env)
        {
            if (!value.Contains('\n')) lines.Append(name).Append('=').Append(value).Append('\n');
        }
        return lines.ToString();
    }

    /// <summary>
    /// Values with line breaks fit into no env file; the engine takes them from its own environment, which only the same user can read.
    /// </summary>
    /// <exception cref="Pods.ConfigException">The name is one that would change the engine itself.</exception>
    public static Dictionary<string, string> Inherited(IReadOnlyDictionary<string, string> env)
    {
        var inherited = env.Where(e => e.Value.Contains('\n')).ToDictionary(e => e.Key, e => e.Value);
        foreach (var name in inherited.Keys)
        {
            if (NotInherited.Any(n => name.StartsWith(n, StringComparison.Ordinal)))
                throw new Pods.ConfigException($"environment variable {name} has a value with line breaks, which this node cannot hand to a container under that name");
        }
        return inherited;
    }

    private string NetworkOf(ContainerRun run) => run.Pod.HostNetwork ? "host" : network;

    private void AddLabels(List<string> arguments, ContainerRun run)
    {
        arguments.AddRange(NodeLabel);
        foreach (var (label, value) in new[]
        {
            (ContainerLabels.Pod, run.Pod.Identity.ToString()), (ContainerLabels.PodUid, run.Pod.Identity.Uid),
            (ContainerLabels.Container, run.Container.Name), (ContainerLabels.Attempt, run.Attempt.ToString(CultureInfo.InvariantCulture)),
        })
        {
            Add(arguments, "--label", $"{label}={value}");
        }
    }

    // Podman's monitor writes the log itself and goes on when this process is killed; Docker's client hands the lines over.
    private void AddLog(List<string> arguments, ContainerRun run)
    {
        var size = maxLogBytes.ToString(CultureInfo.InvariantCulture);
        if (engine.IsPodman) arguments.AddRange(["--attach", "stderr", "--http-proxy=false", "--log-driver", "k8s-file", "--log-opt", $"path={run.LogPath}", "--log-opt", $"max-size={size}"]);
        else arguments.AddRange(["--log-driver", "json-file", "--log-opt", $"max-size={size}"]);
    }

    private void AddSecurity(List<string> arguments, Pods.SecuritySpec security, Pods.PodSpec pod)
    {
        if (security.RunAsUser is { } user)
            Add(arguments, "--user", security.RunAsGroup is { } group ? string.Create(CultureInfo.InvariantCulture, $"{user}:{group}") : user.ToString(CultureInfo.InvariantCulture));
        var groups = pod.FsGroup is { } fsGroup ? security.SupplementalGroups.Add(fsGroup) : security.SupplementalGroups;
        foreach (var group in groups) Add(arguments, "--group-add", group.ToString(CultureInfo.InvariantCulture));
        if (security.Privileged) arguments.Add("--privileged");
        if (security.NoNewPrivileges) Add(arguments, "--security-opt", "no-new-privileges");
        if (security.Seccomp == "Unconfined") Add(arguments, "--security-opt", "seccomp=unconfined");
        foreach (var capability in security.DropCapabilities) Add(arguments, "--cap-drop", capability);
        foreach (var capability in security.AddCapabilities) Add(arguments, "--cap-add", capability);
        if (!security.ReadOnlyRoot) return;
        arguments.Add("--read-only");
        if (engine.IsPodman) arguments.Add("--read-only-tmpfs=false");
    }

    private void AddLimits(List<string> arguments, ContainerRun run)
    {
        var container = run.Container;
        if (engine.LimitsMemory && container.MemoryLimitBytes is { } memory) Add(arguments, "--memory", memory.ToString(CultureInfo.InvariantCulture));
        if (!engine.LimitsCpu) return;
        if (container.CpuLimit is { } cpus) Add(arguments, "--cpus", cpus.ToString(CultureInfo.InvariantCulture));
        if (container.CpuRequest is { } shares) Add(arguments, "--cpu-shares", Math.Max(2, (long)(shares * 1024)).ToString(CultureInfo.InvariantCulture));
    }

    private static string Mount(BindMount mount) =>
        string.Join(',', new[] { "type=bind", Field("src", mount.HostPath), Field("dst", mount.ContainerPath) }.Concat(mount.ReadOnly ? ["readonly"] : []));

    // The option is a line of comma-separated values: a field with a comma or quote stands in quotes.
    private static string Field(string name, string value) =>
        value.AsSpan().IndexOfAny(',', '"') < 0 ? $"{name}={value}" : $"\"{name}={value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static void Add(List<string> arguments, string option, string value)
    {
        arguments.Add(option);
        arguments.Add(value);
    }
}
