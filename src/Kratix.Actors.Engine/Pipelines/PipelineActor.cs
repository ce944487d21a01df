using System.Collections.Immutable;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What a PipelineActor is told.</summary>
public abstract record PipelineMessage
{
    public sealed record SlotGranted : PipelineMessage;

    public sealed record Created(Outcome<RunReport> Outcome) : PipelineMessage;

    public sealed record Reported(RunReport Report) : PipelineMessage;

    public sealed record PodGone : PipelineMessage;

    public sealed record StepChanged(StepReport Report) : PipelineMessage;

    public sealed record StepStuck(StepReport Report) : PipelineMessage;

    /// <summary>What the run handed in, if it did. <paramref name="Gone"/>: asked because its Pod is no longer there.</summary>
    public sealed record HandedIn(byte[]? Manifest, bool Gone) : PipelineMessage;

    public sealed record Retry : PipelineMessage;

    public sealed record Threw(Exception Cause) : PipelineMessage;
}

/// <summary>What all runs share.</summary>
public sealed record RunServices(
    World World, EngineSettings Settings, RunExchange Exchange, IActorRef<RunSlotsMessage> Slots, IActorRef<RunDirectoryMessage> Directory,
    RunJanitor Janitor);

/// <summary>
/// One run of one Pipeline: takes a slot, creates or adopts its Pod, follows its steps, reads what was handed in, and says once how it ended.
/// <c>ended</c> is told the result, and whether the Pod is still at work.
/// It remembers nothing that matters: killed at any point and started again, it finds the Pod by its name and the output by the run's id.
/// </summary>
internal sealed class PipelineActor(
    RunServices services, RunRequest request, Func<CancellationToken, Task<Outcome<ReadOnlyMemory<byte>>>> objectYaml, bool late, Action<RunResult, bool> ended) : Actor<PipelineMessage>
{
    private readonly Dictionary<string, IActorRef<StepMessage>> _steps = new(StringComparer.Ordinal);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));
    private RunPlan? _plan;
    private RunReport? _report;
    private bool _asked;
    private bool _done;

    protected override void PreStart()
    {
        try
        {
            _plan = RunPlanner.Plan(request, services.Settings, services.Exchange);
        }
        catch (Exception cause) when (cause is InvalidOperationException or FormatException or NullReferenceException)
        {
            // A Promise that was accepted by an earlier version: what it asks for cannot become a Pod, today or after a restart.
            End(new RunResult.Failed([], $"Pipeline {request.PipelineName} cannot be made a Pod: {cause.Message}"));
            return;
        }

        services.Exchange.Offer(request.RunId, objectYaml);
        services.Directory.Tell(new RunDirectoryMessage.Follow(request.RunId, Context.Self));
        services.Slots.Tell(new RunSlotsMessage.Acquire(request.RunId, request.Subject.Promise, late, Context.Self));
    }

    protected override void PostStop() => services.Exchange.Withdraw(request.RunId);

    protected override void Receive(PipelineMessage message)
    {
        if (_done)
            return;
        switch (message)
        {
            case PipelineMessage.SlotGranted or PipelineMessage.Retry:
                Create();
                break;
            case PipelineMessage.Created { Outcome: Outcome<RunReport>.Done done }:
                _backoff.Reset();
                Follow(done.Value);
                break;
            case PipelineMessage.Created { Outcome: Outcome<RunReport>.Transient transient }:
                Context.Timers.StartSingle("retry", new PipelineMessage.Retry(), _backoff.Next(transient.After));
                break;
            case PipelineMessage.Created { Outcome: Outcome<RunReport>.Terminal terminal }:
                End(new RunResult.Failed([], terminal.Reason));
                break;
            case PipelineMessage.Reported reported:
                Follow(reported.Report);
                break;
            case PipelineMessage.PodGone:
                // Before it was created it is no wonder. Afterwards somebody deleted it, or the listing is older than the Pod:
                // what it handed in decides, and without that it is created again, or found.
                if (_report is not null)
                    AskForOutput(gone: true);
                break;
            case PipelineMessage.StepChanged:
                break;
            case PipelineMessage.StepStuck stuck:
                End(new RunResult.Failed(Steps, $"container {stuck.Report.Name}: {stuck.Report.Reason}"));
                break;
            case PipelineMessage.HandedIn handedIn:
                if (handedIn is { Manifest: null, Gone: true })
                {
                    _asked = false;
                    Create();
                }
                else
                    Conclude(handedIn.Manifest);
                break;
            case PipelineMessage.Threw threw:
                throw new InvalidOperationException($"run {request.RunId} could not go on", threw.Cause);
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Create() => Context.PipeToSelf<Outcome<RunReport>>(
        services.World.Runner.CreateOrAdopt(_plan!, CancellationToken.None), o => new PipelineMessage.Created(o), e => new PipelineMessage.Threw(e));

    private ImmutableArray<StepReport> Steps => _report?.Steps ?? [];

    private void Follow(RunReport report)
    {
        _report = report;
        foreach (var step in report.Steps)
            StepOf(step.Name).Tell(new StepMessage.Reported(step));
        switch (report.Phase)
        {
            case RunPhase.Succeeded:
                AskForOutput(gone: false);
                break;
            case RunPhase.Failed:
                End(new RunResult.Failed(report.Steps, ReasonOf(report)));
                break;
            case RunPhase.Pending or RunPhase.Running:
                break;
            default:
                throw new InvalidOperationException($"unknown phase {report.Phase}");
        }
    }

    private IActorRef<StepMessage> StepOf(string name)
    {
        if (!_steps.TryGetValue(name, out var step))
        {
            var self = Context.Self;
            step = _steps[name] = Context.Spawn(new Props<StepMessage>(() => new StepActor(self, services.Settings.ImagePullDeadline)), name);
        }

        return step;
    }

    private void AskForOutput(bool gone)
    {
        if (_asked)
            return;
        _asked = true;
        Context.PipeToSelf<byte[]?>(
            services.World.Content.GetRun(request.RunId, CancellationToken.None), m => new PipelineMessage.HandedIn(m, gone), e => new PipelineMessage.Threw(e));
    }

    private void Conclude(byte[]? bytes)
    {
        if (bytes is null)
        {
            End(new RunResult.Failed(Steps, $"the Pod {_plan!.PodName} ended, but what it left in /kratix/output was not received"));
            return;
        }

        var manifest = Codec.Read<RunManifest>(bytes);
        End(manifest.Output is { } output ? new RunResult.Succeeded(Steps, output) : new RunResult.Failed(Steps, manifest.Refusal!));
    }

    private static string ReasonOf(RunReport report)
    {
        if (report.Steps.FirstOrDefault(s => s.Phase == StepPhase.Failed) is not { } failed)
            return report.Reason ?? $"the Pod {report.PodName} failed";
        var why = failed.ExitCode is { } code ? $"exited with code {code}" : "could not be started";
        var detail = failed.Reason is null or "Error" ? "" : $" ({failed.Reason})";
        return $"container {failed.Name} {why}{detail}; its log: kubectl logs -n {report.Namespace} {report.PodName} -c {failed.Name}";
    }

    private void End(RunResult result)
    {
        _done = true;
        ended(result, _report is { Phase: RunPhase.Pending or RunPhase.Running });
    }
}
