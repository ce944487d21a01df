using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What a step is told.</summary>
public abstract record StepMessage
{
    public sealed record Reported(StepReport Report) : StepMessage;

    public sealed record PullDeadline : StepMessage;
}

/// <summary>
/// One container of a run: waiting, pulling, running, ended. It passes on what has really changed, and gives up an image that cannot be had.
/// The limit counts from the first refusal, over all the tries that follow: were it to start again with each try, a node that waits longer and
/// longer between them would put off the end for as long.
/// </summary>
internal sealed class StepActor(IActorRef<PipelineMessage> pipeline, TimeSpan pullDeadline) : Actor<StepMessage>
{
    private const string PullTimer = "pull";
    private StepReport? _known;
    private bool _overdue;

    protected override void Receive(StepMessage message)
    {
        switch (message)
        {
            case StepMessage.Reported { Report: var report }:
                if (report == _known)
                    return;
                _known = report;
                Clock(report);
                pipeline.Tell(new PipelineMessage.StepChanged(report));
                break;
            case StepMessage.PullDeadline:
                _overdue = true;
                GiveUp();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Clock(StepReport report)
    {
        if (report.Phase is not StepPhase.Pulling)
        {
            Context.Timers.Cancel(PullTimer);
            _overdue = false;
        }
        else if (_overdue)
            GiveUp();
        else if (report.Reason is not null && !Context.Timers.IsActive(PullTimer))
            Context.Timers.StartSingle(PullTimer, new StepMessage.PullDeadline(), pullDeadline);
    }

    /// <summary>Only a refusal ends it: what is being downloaded at this moment may still arrive.</summary>
    private void GiveUp()
    {
        if (_known is { Reason: not null })
            pipeline.Tell(new PipelineMessage.StepStuck(_known));
    }
}
