using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Oci;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>A node with real podman on a folder of its own; what it made in the engine is removed at the end.</summary>
public sealed class NodeFixture(string engine = "oci") : IAsyncDisposable
{
    public const string Busybox = "localhost/busybox:demo";
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-node-").FullName;
    private readonly List<Node> _nodes = [];

    internal FakePodStore Pods { get; } = new();

    internal FakeBuiltIns BuiltIns { get; } = new();

    public string Folder => _folder;

    public string Bundles => Path.Combine(_folder, "node", "containers");

    /// <summary>What eng/env.sh exports, for a plain <c>dotnet test</c>.</summary>
    public static ImmutableSortedDictionary<string, string> EngineEnvironment { get; } = FindEngineEnvironment();

    public async Task<Node> Start(Func<NodeOptions, NodeOptions>? change = null, IPodStore? pods = null)
    {
        var options = new NodeOptions(_folder, engine, "none", 4, TimeProvider.System, BuiltIns)
        {
            EngineEnvironment = EngineEnvironment, StatusInterval = TimeSpan.FromMilliseconds(50),
        };
        var node = await Node.Start(change?.Invoke(options) ?? options, pods ?? Pods, CancellationToken.None);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A node that speaks to podman as it would to Docker: podman understands both.</summary>
    public async Task<Node> StartAsDocker()
    {
        var options = new NodeOptions(_folder, "docker", "none", 4, TimeProvider.System, BuiltIns) { EngineEnvironment = EngineEnvironment, StatusInterval = TimeSpan.FromMilliseconds(50) };
        var (info, nodeId) = (new EngineInfo("podman", IsPodman: false, LimitsMemory: true, LimitsCpu: true, []), ContainerLabels.NodeOf(_folder));
        var arguments = new RunArguments(info, nodeId, options.Network, options.MaxLogBytes, gateway: null);
        var docker = new CommandLineEngine(info, new EngineProcess("podman", options.EngineEnvironment), arguments, nodeId, relay: null, options);
        var node = await Node.Start(options, Pods, docker, CancellationToken.None);
        _nodes.Add(node);
        return node;
    }

    /// <summary>The node goes without stopping anything, as if killed.</summary>
    public async Task Abandon(Node node)
    {
        _nodes.Remove(node);
        await node.DisposeAsync();
    }

    /// <summary>Lets a container go on that waits for <c>/shared/go</c>.</summary>
    public Task Go() => File.WriteAllTextAsync(Path.Combine(Directory.EnumerateDirectories(Path.Combine(_folder, "node", "pods")).Single(), "volumes", "shared", "go"), "");

    /// <summary>Completes when the first attempt of the container has a log.</summary>
    public async Task LogAppears(string container)
    {
        var folder = Path.Combine(_folder, "node", "logs");
        var appeared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true };
        watcher.Created += (_, _) => Look();
        watcher.Changed += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await appeared.Task.WaitAsync(TimeSpan.FromSeconds(60));

        void Look()
        {
            if (Directory.EnumerateFiles(folder, "0.log", SearchOption.AllDirectories).Any(f => f.EndsWith($"/{container}/0.log", StringComparison.Ordinal))) appeared.TrySetResult();
        }
    }

    public static Task<string> Podman(params string[] arguments) => Command("podman", arguments);

    public static async Task<string> Command(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in EngineEnvironment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return await output + await errors;
    }

    /// <summary>Names of the containers of this fixture's node that the engine knows, running or not.</summary>
    public async Task<string[]> Containers() => [.. await PodmansContainers(), .. Bundle.All(Bundles).Select(b => b.Label().Name)];

    /// <summary>A container's log; with <paramref name="follow"/> up to its end.</summary>
    public static async Task<string> LogOf(Node node, string pod, string container, bool follow = false, int? tail = null)
    {
        await using var log = await node.Logs.Open(Query(pod, container, follow, tail), CancellationToken.None);
        Assert.NotNull(log);
        return await new StreamReader(log).ReadToEndAsync();
    }

    /// <summary>Follows a log until the text has appeared.</summary>
    public async Task LogContains(Node node, string pod, string container, string text)
    {
        await LogAppears(container);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var log = await node.Logs.Open(Query(pod, container, follow: true), enough.Token);
        var (seen, buffer) = ("", new byte[1024]);
        while (!seen.Contains(text, StringComparison.Ordinal))
        {
            var read = await log!.ReadAsync(buffer, enough.Token);
            Assert.True(read > 0, $"the log of {container} ended with: {seen}");
            seen += System.Text.Encoding.UTF8.GetString(buffer, 0, read);
        }
        await enough.CancelAsync();
    }

    public static PodLogQuery Query(string pod, string container, bool follow = false, int? tail = null) => new("default", pod, container, follow, tail, false, false, null, null);

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    /// <summary>A container that runs a shell script in busybox.</summary>
    public static JsonObject Shell(string name, string script, string more = "{}")
    {
        var container = Json(more);
        container["name"] = name;
        container["image"] ??= Busybox;
        container["command"] = new JsonArray("sh", "-c", script);
        return container;
    }

    public static JsonObject Spec(IEnumerable<JsonObject> init, IEnumerable<JsonObject> containers, string more = """{"restartPolicy":"Never"}""")
    {
        var spec = Json(more);
        spec["initContainers"] = new JsonArray([.. init]);
        spec["containers"] = new JsonArray([.. containers]);
        return spec;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (await PodmansContainers() is { Length: > 0 } left) await Podman(["rm", "-f", "-t", "0", .. left]);
        foreach (var bundle in Bundle.All(Bundles)) await Command("runc", "--root", Path.Combine(_folder, "node", "runc"), "delete", "--force", bundle.Id);
        foreach (var supervisor in Supervisor.AtWork(Bundles).Values) await Supervisor.Watch(supervisor, CancellationToken.None);
        if (Directory.Exists(Path.Combine(_folder, "node")) && Path.GetDirectoryName(new NodeFolders(_folder).Memory.OfPod("any")) is { } memory && Directory.Exists(memory)) Directory.Delete(memory, recursive: true);
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string[]> PodmansContainers() =>
        (await Podman("ps", "--all", "--filter", $"label=kratix-actors.node={ContainerLabels.NodeOf(_folder)}", "--format", "{{.Names}}"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static ImmutableSortedDictionary<string, string> FindEngineEnvironment()
    {
        var environment = ImmutableSortedDictionary<string, string>.Empty;
        if (Environment.GetEnvironmentVariable("CONTAINERS_CONF") is not null) return environment;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var conf = Path.Combine(folder.FullName, ".work", "containers", "containers.conf");
            if (File.Exists(conf)) return environment.Add("CONTAINERS_CONF", conf);
        }
        return environment;
    }
}

/// <summary>Built-in containers of tests: image <c>built-in/NAME</c> runs the function of that name.</summary>
internal sealed class FakeBuiltIns : IBuiltInContainers
{
    public Dictionary<string, Func<BuiltInContainer, CancellationToken, Task<int>>> Functions { get; } = [];

    public List<string> Ran { get; } = [];

    public bool Handles(string image) => image.StartsWith("built-in/", StringComparison.Ordinal);

    public Task<int> Run(BuiltInContainer container, CancellationToken ct)
    {
        lock (Ran) Ran.Add(container.Name);
        return Functions[container.Image["built-in/".Length..]](container, ct);
    }
}
