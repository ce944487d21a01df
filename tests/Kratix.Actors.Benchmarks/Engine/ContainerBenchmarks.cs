using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>
/// The whole platform as <c>kratix-actors up</c> puts it together, with real containers, beside the same number of containers started bare, as many
/// at a time: by the engine's command line, and by what the node itself starts them with. The container copies its object into its output, so that
/// there is something to be written.
/// </summary>
internal static class ContainerBenchmarks
{
    internal const string Title = "containers: the whole platform, one container a request";

    private const int Requests = 100;
    // So many that what is measured is a platform at work, not one that is still being compiled.
    private const int Warm = 32;
    private const int Starts = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    internal static async Task Run(Figures figures, int? requests)
    {
        var count = requests ?? Requests;
        var folder = Directory.CreateTempSubdirectory("kratix-container-benchmark-").FullName;
        try
        {
            var settings = Settings(folder);
            var places = settings.Standalone.MaxRunningPods;
            var (platform, start) = await WithPlatform(settings, folder, count);
            var direct = await BareContainers.ByTheNode(settings.Standalone, Path.Combine(folder, "bare"), count);
            var bare = await BareContainers.ByCommandLine(settings.Standalone, count);
            figures.Add($"{count} requests settled", "requests/s", count / platform.TotalSeconds);
            figures.Add($"{count} containers bare by podman run, {places} at a time", "containers/s", count / bare.TotalSeconds);
            figures.Add($"{count} containers bare as the node starts them, {places} at a time", "containers/s", count / direct.TotalSeconds);
            figures.Add("time of the requests by time of podman run", "", platform / bare);
            figures.Add("time of the requests by time of the node's bare containers", "", platform / direct);
            figures.Add("from Pod created to step running, one at a time", "ms", start);
            figures.Add("the same with engine = podman", "ms", await StartWithPodman(folder));
        }
        finally
        {
            Scratch.Remove(folder);
        }
    }

    private static async Task<(TimeSpan Settled, double StartMilliseconds)> WithPlatform(KratixSettings settings, string folder, int count)
    {
        var repository = Path.Combine(folder, "repository.git");
        await BareContainers.Command("git", "init", "--quiet", "--bare", "--initial-branch=main", repository);
        return await Up(settings, folder, async client =>
        {
            foreach (var (type, body) in new[] { NoopPromise.Store(repository), NoopPromise.Destination, NoopPromise.Promise })
                await Create(client, type, null, body);
            await Shown(client, Kratix.Actors.Engine.Kinds.Promise, "", "Available", 1);
            await Settle(client, "warm-", Warm);
            var clock = Stopwatch.StartNew();
            await Settle(client, "request-", count);
            return (clock.Elapsed, await StartOfPods(client, folder));
        });
    }

    private static async Task<double> StartWithPodman(string folder)
    {
        folder = Path.Combine(folder, "podman");
        return await Up(Settings(folder, "kratix.standalone.node.engine=podman"), folder, client => StartOfPods(client, folder));
    }

    private static KratixSettings Settings(string folder, params string[] more) => SettingsLoader.Load(SettingsSources.BuiltIn with
    {
        Overrides = [$"kratix.data-folder={folder}", "kratix.api.port=0", "kratix.http.port=0", "kratix.git.allow-file-urls=true", "kratix.log.level=error", .. more],
    }).Settings;

    private static async Task<T> Up<T>(KratixSettings settings, string folder, Func<KubernetesClient, Task<T>> work)
    {
        using var stop = new CancellationTokenSource();
        var ready = new ReadySignal();
        var platform = Platform.Run(settings, ready, stop.Token);
        await await Task.WhenAny(platform, ready.Ready);
        try
        {
            using var client = new KubernetesClient(KubeConfig.Load(Path.Combine(folder, "kubeconfig")), new KubernetesClientOptions(), TimeProvider.System);
            return await work(client);
        }
        finally
        {
            await stop.CancelAsync();
            await platform;
        }
    }

    /// <summary>The median time, in milliseconds, from the moment a Pod is asked for to the first word of its container.</summary>
    private static async Task<double> StartOfPods(KubernetesClient client, string folder)
    {
        var times = new List<double>();
        for (var i = -1; i < Starts; i++) // the first Pod of a kind of container costs more, once
        {
            var name = $"start-{i + 1}";
            var asked = TimeProvider.System.GetUtcNow();
            var ended = Ended(client, name);
            await Create(client, KnownTypes.Pod, NoopPromise.Namespace, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = NoopPromise.Namespace },
                ["spec"] = new JsonObject
                {
                    ["restartPolicy"] = "Never",
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = NoopPromise.Image, ["command"] = new JsonArray("echo", "running") }),
                },
            });
            await ended;
            var log = Directory.EnumerateDirectories(Path.Combine(folder, "node", "logs"), $"{NoopPromise.Namespace}_{name}_*").Single();
            var firstWord = (await File.ReadAllTextAsync(Path.Combine(log, "main", "0.log"))).Split(' ')[0];
            if (i >= 0)
                times.Add((DateTimeOffset.Parse(firstWord, CultureInfo.InvariantCulture) - asked).TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count / 2);
    }

    private static async Task Ended(KubernetesClient client, string pod)
    {
        using var limit = new CancellationTokenSource(Limit);
        await foreach (var signal in new ResourceWatch(client, new ResourceWatchOptions(), TimeProvider.System).Watch(KnownTypes.Pod, NoopPromise.Namespace, null, limit.Token))
        {
            if (signal is WatchSignal.Changed changed && changed.Item["metadata"]!["name"]!.ToString() == pod && changed.Item["status"]?["phase"]?.ToString() == "Succeeded")
                return;
        }
    }

    private static async Task Settle(KubernetesClient client, string prefix, int count)
    {
        var settled = Shown(client, NoopPromise.Type, prefix, "Reconciled", count);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await Create(client, NoopPromise.Type, NoopPromise.Namespace, NoopPromise.Request($"{prefix}{i}")));
        await settled;
    }

    /// <summary>Watches as a user would, until so many objects whose names start so show the condition True.</summary>
    private static async Task Shown(KubernetesClient client, ResourceType type, string prefix, string condition, int count)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(Limit);
        await foreach (var signal in new ResourceWatch(client, new ResourceWatchOptions(), TimeProvider.System).Watch(type, null, null, limit.Token))
        {
            var items = signal switch
            {
                WatchSignal.Listed listed => listed.Items,
                WatchSignal.Changed changed => [changed.Item],
                _ => [],
            };
            foreach (var item in items)
            {
                var name = item["metadata"]!["name"]!.ToString();
                if (name.StartsWith(prefix, StringComparison.Ordinal)
                    && (item["status"]?["conditions"] as JsonArray ?? []).Any(c => c?["type"]?.ToString() == condition && c["status"]?.ToString() == "True"))
                {
                    seen.Add(name);
                }
            }

            if (seen.Count >= count)
                return;
        }

        throw new TimeoutException($"{seen.Count} of {count} objects {type.Kind} {prefix}* had {condition}=True after {Limit}");
    }

    private static async Task Create(KubernetesClient client, ResourceType type, string? ns, JsonObject body)
    {
        if (await client.Create(type, ns, body, CancellationToken.None) is { Failure: { } failure })
            throw new InvalidOperationException($"{type.Kind} {body["metadata"]!["name"]} could not be created: {failure}");
    }

    /// <summary>Hears the platform say that it is ready, and keeps the rest to itself.</summary>
    private sealed class ReadySignal : StringWriter
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Ready => _ready.Task;

        public override Task WriteLineAsync(string? value)
        {
            if (value?.Contains("is ready", StringComparison.Ordinal) == true)
                _ready.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
