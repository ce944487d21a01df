using Kratix.Actors.Kernel;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>A run that was taken up. <paramref name="PodAtWork"/>: whether its Pod may still wait or run; false once it has ended by itself.</summary>
internal sealed record StartedRun(RunRequest Request, IActorRef<PipelineMessage> Child, bool PodAtWork = true);
