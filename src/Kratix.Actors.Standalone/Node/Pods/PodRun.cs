using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The containers of one Pod, in a kubelet's order: init containers one after the other, then the others side by side.</summary>
internal sealed class PodRun(NodeContext node, PodProgress progress, StatusPublisher status, PodVolumes volumes, IReadOnlyList<KeptContainer> kept)
{
    private static readonly TimeSpan StopAgain = TimeSpan.FromMilliseconds(500);
    private readonly HashSet<string> _names = [.. kept.Select(k => k.Name)];
    private readonly Lock _gate = new();
    private bool _holdsPlace;
    private PodLimits? _limits;
    private volatile bool _isHalted;

    private PodSpec Pod => progress.Pod;

    /// <summary>The containers that exist in the engine for this Pod.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate) return [.. _names];
        }
    }

    /// <summary>Returns when no container of the Pod runs any more and none will be started.</summary>
    public async Task ToTheEnd(Func<TimeSpan> grace, CancellationToken deleting, CancellationToken abandon)
    {
        using var halt = CancellationTokenSource.CreateLinkedTokenSource(deleting, abandon);
        await using var limits = _limits = new PodLimits(node, progress, volumes, halt);
        try
        {
            await TakePlace(halt.Token);
            await InOrder(grace, halt.Token, abandon);
        }
        catch (OperationCanceledException) when (!abandon.IsCancellationRequested)
        {
            // Deleted, or out of time: every container that ran has been stopped and seen out by now.
        }
        finally
        {
            LeavePlace();
        }
        progress.Failure = progress.Doom ?? progress.Failure;
    }

    private async Task InOrder(Func<TimeSpan> grace, CancellationToken halt, CancellationToken abandon)
    {
        foreach (var init in progress.InitContainers)
        {
            await ToTheEnd(init, grace, halt, abandon);
            if (init.Ended is { Succeeded: false }) return;
        }
        await Task.WhenAll(progress.Containers.Select(c => ToTheEnd(c, grace, halt, abandon)));
    }

    private async Task ToTheEnd(ContainerTrack track, Func<TimeSpan> grace, CancellationToken halt, CancellationToken abandon)
    {
        var restart = new Backoff(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
        var (pull, repair) = (new Backoff(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)), new Backoff(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)));
        if (kept.Where(k => k.Container == track.Spec.Name).MaxBy(k => k.Attempt) is { } newest && newest.Attempt > track.Attempt)
        {
            (track.Last, track.Attempt) = (track.Ended ?? track.Last, newest.Attempt);
            track.Now = new ContainerCondition.Waiting("ContainerCreating", null);
        }
        while (track.Ended is not { } ended || RestartsAfter(track, ended))
        {
            halt.ThrowIfCancellationRequested();
            if (track.Ended is { } previous)
            {
                track.Last = previous;
                if (track.Attempt > 0) await Rest(track, new ContainerCondition.Waiting("CrashLoopBackOff", CrashLoop(track)), restart.Next(), halt);
                track.Attempt++;
            }
            // A registry is to be spared; what lies in the Pod's own namespace may be put right at any moment.
            if (await Attempt(track, grace, halt, abandon) is { } problem) await Rest(track, problem, (problem.Reason == "CreateContainerConfigError" ? repair : pull).Next(), halt);
            else await _limits!.Check();
        }
    }

    private string CrashLoop(ContainerTrack track) => $"back-off restarting failed container={track.Spec.Name} pod={Pod.Identity.Name}_{Pod.Identity.Namespace}({Pod.Identity.Uid})";

    private bool RestartsAfter(ContainerTrack track, ContainerCondition.Terminated ended) =>
        track.Spec.IsInit ? !ended.Succeeded && Pod.RestartPolicy != RestartPolicy.Never : progress.MayRestart(ended);

    /// <returns>Null when the container ran and ended, else what kept it from running.</returns>
    private async Task<ContainerCondition.Waiting?> Attempt(ContainerTrack track, Func<TimeSpan> grace, CancellationToken halt, CancellationToken abandon)
    {
        try
        {
            Refusals.Check(Pod, track.Spec, node.Options.AllowPrivileged);
            return node.Options.BuiltIns.Handles(track.Spec.Image)
                ? await AttemptBuiltIn(track, halt, abandon)
                : await AttemptContainer(track, grace, halt, abandon);
        }
        catch (ConfigException problem)
        {
            return new ContainerCondition.Waiting("CreateContainerConfigError", problem.Message);
        }
        catch (FormatException problem) // base64 of a Secret
        {
            return new ContainerCondition.Waiting("CreateContainerConfigError", problem.Message);
        }
    }

    private async Task<ContainerCondition.Waiting?> AttemptBuiltIn(ContainerTrack track, CancellationToken halt, CancellationToken abandon)
    {
        var folder = node.Folders.OfPod(Pod.Identity.Uid);
        if (BuiltInRecord.Read(folder, track.Spec.Name, track.Attempt) is { } earlier)
        {
            Ended(track, new RunResult.Exited(earlier.ExitCode, false, earlier.StartedAt, earlier.FinishedAt), earlier.StartedAt, earlier.Message);
            return null;
        }
        await volumes.Prepare(halt);
        var env = await node.Environments.Resolve(Pod, track.Spec, halt);
        var started = Started(track);
        int exitCode;
        string? message = null;
        using (var log = OpenLog(track, out var path))
        {
            using var _ = Live(path);
            var container = new BuiltInContainer(
                Pod.Identity, track.Spec.Name, track.Spec.Image, Expanded(track.Spec.Command, env), Expanded(track.Spec.Args, env), env,
                [.. Mounts(track.Spec).Select(m => new BuiltInMount(m.ContainerPath, m.HostPath, m.ReadOnly))], log.Output);
            try
            {
                exitCode = await node.Options.BuiltIns.Run(container, halt);
            }
            catch (OperationCanceledException) when (halt.IsCancellationRequested)
            {
                exitCode = 143;
            }
            catch (Exception failure)
            {
                log.Error(message = failure.Message);
                exitCode = 1;
            }
        }
        if (exitCode != 0) abandon.ThrowIfCancellationRequested(); // it failed because the node goes: not its end, it runs again at the next start
        var finished = node.Options.Time.GetUtcNow();
        new BuiltInRecord(exitCode, message, started, finished).Write(folder, track.Spec.Name, track.Attempt);
        Ended(track, new RunResult.Exited(exitCode, false, started, finished), started, message);
        return null;
    }

    private async Task<ContainerCondition.Waiting?> AttemptContainer(ContainerTrack track, Func<TimeSpan> grace, CancellationToken halt, CancellationToken abandon)
    {
        var name = ContainerLabels.NameOf(Pod.Identity, track.Spec.Name, track.Attempt);
        if (kept.FirstOrDefault(k => k.Name == name) is { } found)
        {
            if (found.State != KeptState.Created)
            {
                var since = Started(track, found.StartedAt);
                using var _ = Live(LogPath(track));
                return Settle(track, await SeeOut(name, node.Engine.Wait(found, track.Spec, LogPath(track), abandon), grace, halt, abandon), since);
            }
            await node.Engine.Discard(found);
        }
        var image = await node.Images.Ensure(track.Spec, track.Now is ContainerCondition.Waiting { Reason: "ErrImagePull" or "ImagePullBackOff" }, () => Waits(track, "ContainerCreating", $"Pulling image \"{track.Spec.Image}\""),
            () => PullCredentials.Write(node.Store, Pod, node.Folders.OfPod(Pod.Identity.Uid), halt), halt);
        if (image.Problem is { } problem) return problem;
        if (track.Spec.Security is { RunAsNonRoot: true, RunAsUser: null or 0 } && (track.Spec.Security.RunAsUser == 0 || image.Image!.RunsAsRoot))
            throw new ConfigException($"container {track.Spec.Name} has runAsNonRoot and image {track.Spec.Image} will run as root");
        await volumes.Prepare(halt);
        var env = await node.Environments.Resolve(Pod, track.Spec, halt);
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath(track))!);
        var run = new ContainerRun(name, Pod, track.Spec, track.Attempt, env, Expanded(track.Spec.Command, env), Expanded(track.Spec.Args, env), WithMessage(track), LogPath(track));
        lock (_gate) _names.Add(name);
        var started = Started(track);
        using var live = Live(run.LogPath);
        return Settle(track, await SeeOut(name, node.Engine.Run(run, abandon), grace, halt, abandon), started);
    }

    /// <summary>Waits for the end of a container; when the Pod is to halt, stops it, again and again until it has ended: it may not have begun yet.</summary>
    private async Task<RunResult> SeeOut(string name, Task<RunResult> running, Func<TimeSpan> grace, CancellationToken halt, CancellationToken abandon)
    {
        var halted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var signal = halt.Register(() => halted.TrySetResult());
        await Task.WhenAny(running, halted.Task);
        while (!running.IsCompleted && !abandon.IsCancellationRequested)
        {
            _isHalted = true;
            await node.Engine.Stop([name], grace(), abandon);
            await Task.WhenAny(running, Task.Delay(StopAgain, node.Options.Time, abandon));
        }
        return await running;
    }

    private ContainerCondition.Waiting? Settle(ContainerTrack track, RunResult result, DateTimeOffset startedAt)
    {
        switch (result)
        {
            case RunResult.Exited exited:
                Ended(
                    track, exited, startedAt,
                    TerminationMessage.Read(MessagePath(track)) ?? (exited.ExitCode == 0 ? null : (track.Spec.ExplainsByLog ? LogReader.End(LogPath(track)) : null) ?? node.Folders.SpaceProblem()));
                return null;
            case RunResult.NotStarted notStarted:
                var now = node.Options.Time.GetUtcNow();
                track.Now = new ContainerCondition.Terminated(128, "StartError", notStarted.Message, startedAt, now);
                status.Changed();
                return null;
            case RunResult.ImageMissing:
                node.Images.Forget(track.Spec.Image);
                return new ContainerCondition.Waiting("ErrImagePull", $"image \"{track.Spec.Image}\" was removed from this machine");
            case RunResult.NotCreated notCreated:
                return new ContainerCondition.Waiting("CreateContainerError", $"{notCreated.Message} (image \"{track.Spec.Image}\")");
            default:
                throw new InvalidOperationException($"no such result: {result}");
        }
    }

    private void Ended(ContainerTrack track, RunResult.Exited exited, DateTimeOffset startedAt, string? message)
    {
        // Who is killed because the Pod is at its end has not run out of memory, whatever its exit code suggests.
        var reason = exited.OutOfMemory && !_isHalted ? "OOMKilled" : exited.ExitCode == 0 ? "Completed" : "Error";
        track.Now = new ContainerCondition.Terminated(exited.ExitCode, reason, message, exited.StartedAt ?? startedAt, exited.FinishedAt ?? node.Options.Time.GetUtcNow());
        status.Changed();
    }

    private DateTimeOffset Started(ContainerTrack track, DateTimeOffset? at = null)
    {
        var started = at ?? node.Options.Time.GetUtcNow();
        track.Now = new ContainerCondition.Running(started);
        status.Changed();
        return started;
    }

    private void Waits(ContainerTrack track, string reason, string message)
    {
        track.Now = new ContainerCondition.Waiting(reason, message);
        status.Changed();
    }

    /// <summary>Nothing to do for a while: the reason is shown at once, and another Pod may have the place meanwhile.</summary>
    private async Task Rest(ContainerTrack track, ContainerCondition.Waiting reason, TimeSpan delay, CancellationToken halt)
    {
        track.Now = reason;
        await status.Flush();
        var alone = track.Spec.IsInit || progress.Containers.Count == 1;
        if (alone) LeavePlace();
        await Task.Delay(delay, node.Options.Time, halt);
        if (alone) await TakePlace(halt);
    }

    private async Task TakePlace(CancellationToken halt)
    {
        if (kept.Any(k => k.State == KeptState.Running) && !_holdsPlace) node.Gate.Force();
        else await node.Gate.Enter(halt);
        _holdsPlace = true;
    }

    private void LeavePlace()
    {
        if (!_holdsPlace) return;
        _holdsPlace = false;
        node.Gate.Leave();
    }

    private IReadOnlyList<BindMount> Mounts(ContainerSpec container) =>
    [
        .. container.Mounts.Select(m => new BindMount(
            volumes.HostPath(container.Name, m), m.MountPath, m.ReadOnly || Pod.Volumes.First(v => v.Name == m.Volume).Source["emptyDir"] is null)),
    ];

    private IReadOnlyList<BindMount> WithMessage(ContainerTrack track)
    {
        var mounts = Mounts(track.Spec);
        if (mounts.Any(m => m.ContainerPath == track.Spec.TerminationMessagePath)) return mounts;
        TerminationMessage.Prepare(MessagePath(track));
        return [.. mounts, new BindMount(MessagePath(track), track.Spec.TerminationMessagePath, ReadOnly: false)];
    }

    private string MessagePath(ContainerTrack track) => TerminationMessage.PathOf(node.Folders.OfPod(Pod.Identity.Uid), track.Spec.Name, track.Attempt);

    private static IReadOnlyList<string> Expanded(IEnumerable<string> words, IReadOnlyDictionary<string, string> env) => [.. words.Select(w => EnvironmentResolver.Expand(w, env))];

    private string LogPath(ContainerTrack track) => node.Folders.Log(Pod.Identity, track.Spec.Name, track.Attempt);

    private LogWriter OpenLog(ContainerTrack track, out string path) => new(path = LogPath(track), node.Options.Time, node.Options.MaxLogBytes);

    private IDisposable Live(string path) => node.Logs.Live(path);
}
