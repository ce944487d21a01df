using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>Containers without Pods, API server and engine around them: what the platform is measured against.</summary>
internal static class BareContainers
{
    internal static async Task<TimeSpan> ByCommandLine(StandaloneSettings settings, int count)
    {
        var engine = settings.Engine == ContainerEngine.Docker ? "docker" : "podman";
        string[] arguments = ["run", "--rm", "--pull", "never", .. settings.Network is { } network ? ["--network", network] : Array.Empty<string>(), NoopPromise.Image, "cp", "/etc/passwd", "/tmp/copy"];
        return await Time(settings, count, _ => Command(engine, arguments));
    }

    /// <summary>With what the node itself starts containers with, from the making of each to its removal.</summary>
    internal static async Task<TimeSpan> ByTheNode(StandaloneSettings settings, string folder, int count)
    {
        var options = new NodeOptions(folder, settings.Engine.ToString().ToLowerInvariant(), settings.Network ?? "auto", settings.MaxRunningPods, TimeProvider.System, new NoBuiltInContainers());
        await using var engine = await Node.EngineFor(options, CancellationToken.None);
        await engine.List(CancellationToken.None);
        return await Time(settings, count, async i =>
        {
            var pod = PodSpec.Of(Pod(i));
            var log = Path.Combine(folder, $"{i}.log");
            var run = new ContainerRun($"bare-{i}", pod, pod.Containers[0], 0, new Dictionary<string, string>(), pod.Containers[0].Command, [], [], log);
            if (await engine.Run(run, CancellationToken.None) is not RunResult.Exited { ExitCode: 0 } and var failed)
                throw new InvalidOperationException($"a bare container ended with {failed}");
            await engine.Remove([run.Name]);
        });
    }

    internal static async Task Command(string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (errors, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        await Task.WhenAll(errors, output, process.WaitForExitAsync());
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} exited with {process.ExitCode}: {await errors}");
    }

    // One before the clock runs: the first container of an image has caches to fill.
    private static async Task<TimeSpan> Time(StandaloneSettings settings, int count, Func<int, Task> run)
    {
        await run(-1);
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = settings.MaxRunningPods }, async (i, _) => await run(i));
        return clock.Elapsed;
    }

    private static JsonObject Pod(int number) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = $"bare-{number}", ["namespace"] = NoopPromise.Namespace, ["uid"] = $"bare-{number}" },
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = NoopPromise.Image, ["command"] = new JsonArray("cp", "/etc/passwd", "/tmp/copy") }),
        },
    };
}
