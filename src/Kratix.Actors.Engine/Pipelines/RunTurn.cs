using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// When the writer of a Pod may hand in whose other containers run beside it: when all of them have ended well. Kubernetes does not order containers
/// that run side by side, and only the engine, which sees their states, can tell the writer.
/// </summary>
internal sealed class RunTurn
{
    private readonly TaskCompletionSource<Outcome<Nothing>> _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<Outcome<Nothing>> Come(CancellationToken cancellation) => _came.Task.WaitAsync(cancellation);

    internal void Saw(RunReport report)
    {
        // One that is started again may yet end well, and when it may not, the Pod is taken away.
        if (!report.RestartsInPlace && report.Steps.FirstOrDefault(s => s.Phase == StepPhase.Failed) is { } failed)
            _came.TrySetResult(new Outcome<Nothing>.Terminal(Refusal.Invalid, $"container {failed.Name} failed, so nothing is handed in"));
        else if (report.Steps.All(s => s.Phase == StepPhase.Succeeded))
            _came.TrySetResult(new Outcome<Nothing>.Done(default));
    }
}
