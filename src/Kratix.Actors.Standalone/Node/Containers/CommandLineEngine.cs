using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>
/// Podman, or Docker, by its command line. A container that ends well costs one call; every other end is looked at with a second one, because
/// the exit code of <c>run</c> alone does not tell the engine's failures from the container's.
/// </summary>
internal sealed class CommandLineEngine(EngineInfo info, EngineProcess process, RunArguments arguments, string nodeId, ServerRelay? relay, NodeOptions options) : IContainerEngine
{
    public string Description => info.Command;

    public async Task<RunResult> Run(ContainerRun run, CancellationToken ct)
    {
        ProcessResult result;
        var inherited = RunArguments.Inherited(run.Env);
        if (info.IsPodman)
        {
            result = await process.Run(arguments.Of(run), ct, RunArguments.EnvFile(run.Env), inherited);
        }
        else
        {
            using var log = new LogWriter(run.LogPath, options.Time, options.MaxLogBytes);
            result = await process.Run(arguments.Of(run), ct, RunArguments.EnvFile(run.Env), inherited, log.Output, log.Error);
        }
        if (result.ExitCode == 0) return new RunResult.Exited(0, OutOfMemory: false, null, null);
        return await Explain(run.Name, result, run.LogPath, run.Container.MemoryLimitBytes is not null, ct);
    }

    public Task<RunResult> Wait(KeptContainer container, ContainerSpec spec, string logPath, CancellationToken ct) =>
        info.IsPodman && container.State == KeptState.Exited
            ? Task.FromResult<RunResult>(Ended(container, spec.MemoryLimitBytes is not null))
            : SeeOut(container.Name, logPath, spec.MemoryLimitBytes is not null, ct);

    public async Task<string?> Pull(string image, PullCredentials? credentials, CancellationToken ct)
    {
        string[] before = credentials is not null && !info.IsPodman ? ["--config", credentials.Folder] : [];
        string[] after = credentials is not null && info.IsPodman ? ["--authfile", credentials.AuthFile] : [];
        var result = await process.Run([.. before, "pull", "--quiet", .. after, ImageNames.FullyQualified(image)], ct);
        return result.ExitCode == 0 ? null : result.LastError;
    }

    public async Task<ImageInfo?> Image(string image, CancellationToken ct)
    {
        var result = await process.Run(["image", "inspect", "--format", "{{.Config.User}}", image], ct);
        return result.ExitCode == 0 ? new ImageInfo(result.Output.Trim()) : null;
    }

    public async Task<IReadOnlyList<KeptContainer>> List(CancellationToken ct)
    {
        var ids = await process.Run(["ps", "--all", "--quiet", "--no-trunc", "--filter", $"label={ContainerLabels.Node}={nodeId}"], ct);
        if (ids.ExitCode != 0) throw new InvalidOperationException($"{info.Command} cannot list containers: {ids.LastError}");
        var names = ids.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length == 0 ? [] : await Inspect(names, ct);
    }

    public async Task Stop(IReadOnlyList<string> names, TimeSpan grace, CancellationToken ct)
    {
        var seconds = ((int)Math.Ceiling(grace.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var result = await process.Run(["stop", "-t", seconds, .. info.IsPodman ? ["--ignore"] : Array.Empty<string>(), .. names], ct);
        ThrowUnlessGone(result, "stop");
    }

    public async Task Discard(KeptContainer container)
    {
        // Podman may have been killed after its runtime had made the container and before it took note of that: then its removal would leave
        // the monitor and the half-made process behind for ever.
        if (info.Runtime is { } runtime && Environment.IsPrivilegedProcess) await new EngineProcess(runtime, options.EngineEnvironment).Run(["delete", "--force", container.Id], CancellationToken.None);
        await Remove([container.Name]);
    }

    public async Task Remove(IReadOnlyList<string> names)
    {
        if (names.Count == 0) return;
        var result = await process.Run(["rm", "--force", "--volumes", .. info.IsPodman ? ["--ignore", "-t", "0"] : Array.Empty<string>(), .. names], CancellationToken.None);
        ThrowUnlessGone(result, "remove");
    }

    public ValueTask DisposeAsync() => relay?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<RunResult> Explain(string name, ProcessResult result, string logPath, bool limited, CancellationToken ct)
    {
        var found = await Inspect(name, ct);
        return found?.State switch
        {
            null when IsImageMissing(result.Errors) => new RunResult.ImageMissing(),
            null => new RunResult.NotCreated(result.LastError),
            KeptState.Created when result.ExitCode is >= 125 and <= 127 => new RunResult.NotStarted(result.LastError),
            KeptState.Created => await Undo(found, result),
            KeptState.Running => await SeeOut(name, logPath, limited, ct), // an earlier call made it, or this call's client was killed
            _ => Ended(found, limited),
        };
    }

    // A signal meant for the whole terminal ended the client between making the container and starting it.
    private async Task<RunResult> Undo(KeptContainer found, ProcessResult result)
    {
        await Discard(found);
        return new RunResult.NotCreated($"{info.Command} was interrupted: {result.LastError}");
    }

    private async Task<RunResult> SeeOut(string name, string logPath, bool limited, CancellationToken ct)
    {
        if (info.IsPodman)
        {
            await process.Run(["wait", name], ct);
        }
        else
        {
            using var log = new LogWriter(logPath, options.Time, options.MaxLogBytes);
            await process.Run(["logs", "--follow", name], ct, onOutput: log.Output, onError: log.Error);
        }
        return await Inspect(name, ct) is { } found ? Ended(found, limited) : new RunResult.NotCreated($"container {name} was removed while it ran");
    }

    // The first process of a container cannot kill itself: a 137 under a memory limit is the kernel's doing, also where the engine does not say so.
    private static RunResult.Exited Ended(KeptContainer found, bool limited) =>
        new(found.ExitCode, found.OutOfMemory || (limited && found.ExitCode == 137), found.StartedAt, found.FinishedAt);

    private async Task<KeptContainer?> Inspect(string name, CancellationToken ct) => await Inspect([name], ct) is [var found, ..] ? found : null;

    private async Task<IReadOnlyList<KeptContainer>> Inspect(IReadOnlyList<string> names, CancellationToken ct)
    {
        var result = await process.Run(["container", "inspect", .. names], ct); // fails when one is gone, and still prints the others
        return result.Output.TrimStart().StartsWith('[') ? [.. JsonNode.Parse(result.Output)!.AsArray().OfType<JsonObject>().Select(Kept)] : [];
    }

    private static KeptContainer Kept(JsonObject inspected)
    {
        var state = inspected.Child("State") ?? [];
        var labels = inspected.Child("Config")?.Child("Labels") ?? [];
        return new KeptContainer(
            inspected.Text("Name").TrimStart('/'),
            labels.Text(ContainerLabels.PodUid),
            labels.Text(ContainerLabels.Container),
            (int)(labels.Number(ContainerLabels.Attempt) ?? 0),
            state.Text("Status") switch { "created" or "configured" or "initialized" => KeptState.Created, "exited" or "stopped" or "dead" or "removing" => KeptState.Exited, _ => KeptState.Running },
            (int)(state.Number("ExitCode") ?? 0),
            state["OOMKilled"].IsTrue(),
            Time(state, "StartedAt"),
            Time(state, "FinishedAt"))
        { Id = inspected.Text("Id") };
    }

    private static DateTimeOffset? Time(JsonObject state, string name) =>
        DateTimeOffset.TryParse(state.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Year > 1 ? time : null;

    private static bool IsImageMissing(string errors) =>
        errors.Contains("image not known", StringComparison.OrdinalIgnoreCase) || errors.Contains("no such image", StringComparison.OrdinalIgnoreCase);

    private void ThrowUnlessGone(ProcessResult result, string what)
    {
        if (result.ExitCode != 0 && !result.Errors.Contains("no such container", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"{info.Command} could not {what} containers: {result.LastError}");
    }
}
