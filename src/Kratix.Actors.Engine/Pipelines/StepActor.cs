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
/// </summary>
internal sealed class StepActor(IActorRef<PipelineMessage> pipeline, TimeSpan pullDeadline) : Actor<StepMessage>
{
    private const string PullTimer = "pull";
    private StepReport? _known;

    protected override void Receive(StepMessage message)
    {
        switch (message)
        {
            case StepMessage.Reported { Report: var report }:
                if (report == _known)
                    return;
                _known = report;
                // Only an image that was asked for and refused is on the clock; a slow download is not a refusal.
                if (report is { Phase: StepPhase.Pulling, Reason: not null })
                {
                    if (!Context.Timers.IsActive(PullTimer))
                        Context.Timers.StartSingle(PullTimer, new StepMessage.PullDeadline(), pullDeadline);
                }
                else
                    Context.Timers.Cancel(PullTimer);
                pipeline.Tell(new PipelineMessage.StepChanged(report));
                break;
            case StepMessage.PullDeadline:
                pipeline.Tell(new PipelineMessage.StepStuck(_known!));
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }
}
