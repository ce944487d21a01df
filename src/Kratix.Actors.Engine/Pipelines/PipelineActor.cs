using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What a PipelineActor is told.</summary>
public abstract record PipelineMessage
{
    public sealed record SlotGranted : PipelineMessage;

    /// <summary>From the watch of runs: how the Pod was at some time not long ago.</summary>
    public sealed record Reported(RunReport Report) : PipelineMessage;

    /// <summary>From the watch of runs: the Pod was not there at some time not long ago.</summary>
    public sealed record PodGone : PipelineMessage;

    /// <summary>How the Pod is, from the API server itself.</summary>
    public sealed record Found(Outcome<RunReport> Outcome) : PipelineMessage;

    /// <summary>The Pod has ended or is gone. <paramref name="Manifest"/>: what the run handed in, if it did.</summary>
    public sealed record HandedIn(byte[]? Manifest) : PipelineMessage;

    public sealed record StepChanged(StepReport Report) : PipelineMessage;

    public sealed record StepStuck(StepReport Report) : PipelineMessage;

    public sealed record Retry : PipelineMessage;

    /// <summary>End it, whatever it is doing.</summary>
    public sealed record Stop : PipelineMessage;

    /// <summary>It is ended: its Pod is not there, and will not be made.</summary>
    public sealed record Stopped : PipelineMessage;

    public sealed record Threw(Exception Cause) : PipelineMessage;
}

/// <summary>What all runs share.</summary>
public sealed record RunServices(
    World World, EngineSettings Settings, RunExchange Exchange, IActorRef<RunSlotsMessage> Slots, IActorRef<RunDirectoryMessage> Directory,
    RunJanitor Janitor, PipelineAccounts Accounts);

/// <summary>
/// One run of one Pipeline: takes a slot, creates or adopts its Pod, follows its steps, reads what was handed in, and says once how it ended.
/// <c>ended</c> is told the result, and whether the Pod is still at work.
/// It remembers nothing that matters: killed at any point and started again, it finds the Pod by its name and the output by the run's id.
/// <para>
/// What the watch tells is a hint: it may be older than the Pod. An end is decided only by an answer of the API server, one question at a time. Were it
/// decided while a creation is on its way, that Pod would come to life beside the one of the next attempt. For the same reason the actor does not stop while
/// a question is out: when its parent fails and starts again, the creation that was on its way would arrive after the successor has ended the run.
/// </para>
/// </summary>
internal sealed class PipelineActor(
    RunServices services, RunRequest request, Func<CancellationToken, Task<Outcome<ReadOnlyMemory<byte>>>> objectYaml, bool late, Action<RunResult, bool> ended) : Actor<PipelineMessage>
{
    private readonly RunTurn _turn = new();
    private readonly Dictionary<string, IActorRef<StepMessage>> _steps = new(StringComparer.Ordinal);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));
    private RunPlan? _plan;
    private RunReport? _report;
    private StepReport? _stuck;
    private bool _asking;
    private PipelineMessage? _hint;
    private bool _done;

    /// <summary>Why it is being ended before its Pod has ended by itself; null: it is not.</summary>
    private string? _stopping;

    protected override void PreStart()
    {
        try
        {
            _plan = RunPlanner.Plan(request, services.Settings, services.Exchange);
        }
        catch (PromiseRefusedException refused)
        {
            // A Promise that was accepted by an earlier version: what it asks for cannot become a Pod, today or after a restart. Anything else is a bug of the
            // engine, which is logged and tried again, and must not be told as its author's mistake.
            End(new RunResult.Failed([], $"Pipeline {request.PipelineName} cannot be made a Pod: {refused.Message}"));
            return;
        }

        services.Exchange.Offer(request.RunId, objectYaml);
        if (_plan.SideBySide.Count > 0)
            services.Exchange.Offer(request.RunId, _turn);
        services.Directory.Tell(new RunDirectoryMessage.Follow(request.RunId, Context.Self));
        services.Slots.Tell(new RunSlotsMessage.Acquire(request.RunId, request.Subject.Promise, late, Context.Self));
    }

    protected override bool DefersStop => _asking;

    protected override void PostStop() => services.Exchange.Withdraw(request.RunId);

    protected override void Receive(PipelineMessage message)
    {
        if (_done)
            return;
        switch (message)
        {
            case PipelineMessage.SlotGranted or PipelineMessage.Retry:
                Ask(message);
                break;
            case PipelineMessage.Reported { Report: var report }:
                Tell(report);
                if (report.Phase is RunPhase.Succeeded or RunPhase.Failed || IsUsedUp(report))
                    Ask(message);
                break;
            case PipelineMessage.PodGone:
                // Before it was created it is no wonder. Afterwards somebody deleted it: what it handed in decides, else it is made again. While an answer is
                // awaited it may be either: the Pod was created, and is gone before that is heard.
                if (_report is not null || _asking || _stopping is not null)
                    Ask(message);
                break;
            case PipelineMessage.Found found:
                _asking = false;
                Found(found.Outcome);
                if (_stopping is not null && found.Outcome is not Outcome<RunReport>.Transient)
                    _hint ??= new PipelineMessage.Stop();
                AskAgain();
                break;
            case PipelineMessage.Stop:
                _stopping = "it was ended, because a new run was asked for";
                Ask(message);
                break;
            case PipelineMessage.Stopped:
                _asking = false;
                End(Failed(_stopping!), atWork: false);
                break;
            case PipelineMessage.HandedIn handedIn:
                _asking = false;
                Conclude(handedIn.Manifest);
                break;
            case PipelineMessage.StepChanged:
                break;
            case PipelineMessage.StepStuck stuck:
                _stuck = stuck.Report;
                if (!_asking)
                    GiveUp(stuck.Report);
                break;
            case PipelineMessage.Threw threw:
                throw new InvalidOperationException($"run {request.RunId} could not go on", threw.Cause);
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private ImmutableArray<StepReport> Steps => _report?.Steps ?? [];

    private void Ask(PipelineMessage hint)
    {
        if (_asking)
        {
            _hint = hint;
            return;
        }

        _asking = true;
        Context.PipeToSelf<PipelineMessage>(Look(hint), m => m, e => new PipelineMessage.Threw(e));
    }

    private void AskAgain()
    {
        if (_done || _asking || _hint is not { } hint)
            return;
        _hint = null;
        Ask(hint);
    }

    /// <summary>Looks for what was handed in when the Pod may be over, and else at the Pod, which is created if it is not there.</summary>
    private async Task<PipelineMessage> Look(PipelineMessage hint)
    {
        if (_stopping is not null)
            return await StopPod();
        var over = hint is PipelineMessage.PodGone or PipelineMessage.Reported { Report.Phase: RunPhase.Succeeded };
        if (over && await services.World.Content.GetRun(request.RunId, CancellationToken.None) is { } manifest)
            return new PipelineMessage.HandedIn(manifest);
        var found = await CreatePod();
        return found is Outcome<RunReport>.Done { Value.Phase: RunPhase.Succeeded }
            ? new PipelineMessage.HandedIn(await services.World.Content.GetRun(request.RunId, CancellationToken.None))
            : new PipelineMessage.Found(found);
    }

    /// <summary>Takes the Pod away and looks until it is gone: nothing new may begin beside a container that still ends.</summary>
    private async Task<PipelineMessage> StopPod()
    {
        var removed = await services.World.Runner.Remove(_plan!.Namespace, _plan.PodName, CancellationToken.None);
        if (removed.Failure is { } failure)
            return new PipelineMessage.Found(new Outcome<RunReport>.Transient(failure));
        return await services.World.Kubernetes.Get(Kinds.Pod, _plan.Namespace, _plan.PodName, CancellationToken.None) is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? new PipelineMessage.Stopped()
            : new PipelineMessage.Found(new Outcome<RunReport>.Transient("the Pod is being ended"));
    }

    private async Task<Outcome<RunReport>> CreatePod()
    {
        var account = await services.Accounts.Ensure(request, CancellationToken.None);
        if (account.Failure is not null)
            return account.Select<RunReport>(_ => throw new InvalidOperationException("only failures come here"));
        var created = await services.World.Runner.CreateOrAdopt(_plan!, CancellationToken.None);
        // Perhaps somebody deleted the account since: the next attempt makes sure of it again.
        if (created is Outcome<RunReport>.Terminal)
            services.Accounts.Forget(request);
        return created;
    }

    private void Found(Outcome<RunReport> outcome)
    {
        switch (outcome)
        {
            case Outcome<RunReport>.Done { Value: var report }:
                _backoff.Reset();
                Tell(report);
                if (report.Phase is RunPhase.Failed)
                    End(Failed(ReasonOf(report)));
                else if (IsUsedUp(report))
                    _stopping ??= ReasonOf(report);
                else if (_stuck is { } stuck && report.Steps.Any(s => s.Name == stuck.Name && s.Phase == StepPhase.Pulling))
                    GiveUp(stuck);
                break;
            case Outcome<RunReport>.Transient transient:
                Context.Timers.StartSingle("retry", new PipelineMessage.Retry(), _backoff.Next(transient.After));
                break;
            case Outcome<RunReport>.Terminal terminal:
                End(new RunResult.Failed([], terminal.Reason));
                break;
            default:
                throw new InvalidOperationException($"unknown outcome {outcome.GetType()}");
        }
    }

    private void Tell(RunReport report)
    {
        _report = report;
        _turn.Saw(report);
        foreach (var step in report.Steps)
            StepOf(step.Name).Tell(new StepMessage.Reported(step));
    }

    private void GiveUp(StepReport stuck) => End(Failed($"container {stuck.Name}: {stuck.Reason}"));

    /// <summary>
    /// A container that is started again in place has failed once too often. The Pod would go on for ever, so it is taken away, and that is waited for, before the end
    /// is told: the next run must not find it at work.
    /// </summary>
    private bool IsUsedUp(RunReport report) => report.Restarts > 0
        && (report.Restarts > request.Retries || (report.Restarts == request.Retries && report.Steps.Any(s => s.Phase == StepPhase.Failed)));

    private RunResult.Failed Failed(string reason) => new(Steps, reason) { Restarts = _report?.Restarts ?? 0 };

    private IActorRef<StepMessage> StepOf(string name)
    {
        if (!_steps.TryGetValue(name, out var step))
        {
            var self = Context.Self;
            step = _steps[name] = Context.Spawn(new Props<StepMessage>(() => new StepActor(self, services.Settings.ImagePullDeadline)), name);
        }

        return step;
    }

    private void Conclude(byte[]? bytes)
    {
        if (bytes is null)
        {
            End(Failed($"the Pod {_plan!.PodName} ended, but what it left in /kratix/output was not received"));
            return;
        }

        var manifest = Codec.Read<RunManifest>(bytes);
        if (manifest.Output is not { } output)
        {
            End(Failed(manifest.Refusal!));
            return;
        }

        var files = output.Results ?? ImmutableSortedDictionary<string, string>.Empty;
        var results = StepFiles.Results(files, _plan!.ResultFiles);
        End(new RunResult.Succeeded(StepFiles.WithExitCodes(Steps, files, _plan.ResultFiles), output with { Results = results.IsEmpty ? null : results }));
    }

    private string ReasonOf(RunReport report)
    {
        if (report.Steps.FirstOrDefault(s => s.Phase == StepPhase.Failed) is not { } failed)
            return report.Reason ?? $"the Pod {report.PodName} failed";
        if (failed.ExitCode == RunPlan.TimedOut && _plan!.Timeouts.TryGetValue(failed.Name, out var limit))
            return $"container {failed.Name} did not end within its timeout of {limit.TotalSeconds} s; its log: kubectl logs -n {report.Namespace} {report.PodName} -c {failed.Name}";
        var why = failed.ExitCode is { } code ? $"exited with code {code}" : "could not be started";
        var detail = failed.Reason is null or "Error" ? "" : $" ({failed.Reason})";
        // What ended the Pod as a whole, such as its time limit, is why the container ended, not the other way round.
        var whole = report.Reason is { } reason && reason != failed.Reason ? $"{reason}; " : "";
        return report.Phase is RunPhase.Failed
            ? $"{whole}container {failed.Name} {why}{detail}; its log: kubectl logs -n {report.Namespace} {report.PodName} -c {failed.Name}"
            : $"container {failed.Name} {why}{detail}, the last of {failed.Restarts + 1} times in place; its Pod is gone (without restartPolicy OnFailure a failed Pod stays for its log)";
    }

    private void End(RunResult result) => End(result, _report is { Phase: RunPhase.Pending or RunPhase.Running });

    private void End(RunResult result, bool atWork)
    {
        _done = true;
        ended(result, atWork);
    }
}
