using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Benchmarks.Reporting;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>
/// The whole platform as <c>kratix-actors up</c> puts it together, with real containers, beside the same number of containers started bare by the
/// same engine, as many at a time. The container copies its object into its output, so that there is something to be written.
/// </summary>
internal static class ContainerBenchmarks
{
    internal const string Title = "containers: the whole platform, one container a request";

    private const int Requests = 100;
    private const int Warm = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    internal static async Task Run(Figures figures, int? requests)
    {
        var count = requests ?? Requests;
        var folder = Directory.CreateTempSubdirectory("kratix-container-benchmark-").FullName;
        try
        {
            var settings = SettingsLoader.Load(SettingsSources.BuiltIn with
            {
                Overrides = [$"kratix.data-folder={folder}", "kratix.api.port=0", "kratix.http.port=0", "kratix.git.allow-file-urls=true", "kratix.log.level=error"],
            }).Settings;
            var platform = await WithPlatform(settings, folder, count);
            var bare = await Bare(settings.Standalone, count);
            figures.Add($"{count} requests settled", "requests/s", count / platform.TotalSeconds);
            figures.Add($"{count} containers bare, {settings.Standalone.MaxRunningPods} at a time", "containers/s", count / bare.TotalSeconds);
            figures.Add("time of the requests by time of the bare containers", "", platform / bare);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<TimeSpan> WithPlatform(KratixSettings settings, string folder, int count)
    {
        var repository = Path.Combine(folder, "repository.git");
        await Command("git", "init", "--quiet", "--bare", "--initial-branch=main", repository);
        using var stop = new CancellationTokenSource();
        var ready = new ReadySignal();
        var platform = Platform.Run(settings, ready, stop.Token);
        await await Task.WhenAny(platform, ready.Ready);
        try
        {
            using var client = new KubernetesClient(KubeConfig.Load(Path.Combine(folder, "kubeconfig")), new KubernetesClientOptions(), TimeProvider.System);
            foreach (var (type, body) in new[] { NoopPromise.Store(repository), NoopPromise.Destination, NoopPromise.Promise })
                await Create(client, type, null, body);
            await Shown(client, Kratix.Actors.Engine.Kinds.Promise, "", "Available", 1);
            await Settle(client, "warm-", Warm);
            var clock = Stopwatch.StartNew();
            await Settle(client, "request-", count);
            return clock.Elapsed;
        }
        finally
        {
            await stop.CancelAsync();
            await platform;
        }
    }

    private static async Task<TimeSpan> Bare(StandaloneSettings settings, int count)
    {
        var engine = settings.Engine == ContainerEngine.Docker ? "docker" : "podman";
        string[] arguments = ["run", "--rm", "--pull", "never", .. settings.Network is { } network ? ["--network", network] : Array.Empty<string>(), NoopPromise.Image, "cp", "/etc/passwd", "/tmp/copy"];
        await Command(engine, arguments);
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = settings.MaxRunningPods }, async (_, _) => await Command(engine, arguments));
        return clock.Elapsed;
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

    private static async Task Command(string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (errors, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        await Task.WhenAll(errors, output, process.WaitForExitAsync());
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} exited with {process.ExitCode}: {await errors}");
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
