using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What the directory of runs is told.</summary>
public abstract record RunDirectoryMessage
{
    /// <summary>Reports of this run are wanted from now on, until the actor ends.</summary>
    public sealed record Follow(string RunId, IActorRef<PipelineMessage> Who) : RunDirectoryMessage;

    public sealed record Signal(RunSignal Of) : RunDirectoryMessage;
}

/// <summary>Takes the runner's reports to the PipelineActors they are for. What nobody follows is somebody's past.</summary>
internal sealed class RunDirectoryActor(World world) : Actor<RunDirectoryMessage>
{
    private readonly Dictionary<string, IActorRef<PipelineMessage>> _followers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _runs = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart()
    {
        var self = Context.Self;
        var stop = _stop.Token;
        WatchLoop.Start(world, "watch of runs", () => world.Runner.Observe(stop), s => self.Tell(new RunDirectoryMessage.Signal(s)), stop);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(RunDirectoryMessage message)
    {
        switch (message)
        {
            case RunDirectoryMessage.Follow follow:
                _followers[follow.RunId] = follow.Who;
                _runs[follow.Who.Path] = follow.RunId;
                Context.Watch(follow.Who);
                break;
            case RunDirectoryMessage.Signal { Of: RunSignal.Changed changed }:
                Tell(changed.Report.RunId, new PipelineMessage.Reported(changed.Report));
                break;
            case RunDirectoryMessage.Signal { Of: RunSignal.Gone gone }:
                Tell(gone.RunId, new PipelineMessage.PodGone());
                break;
            case RunDirectoryMessage.Signal { Of: RunSignal.Listed listed }:
                Listed(listed);
                break;
            case RunDirectoryMessage.Signal { Of: RunSignal.Refused }:
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    protected override void OnTerminated(IActorRef actor)
    {
        if (_runs.Remove(actor.Path, out var runId) && _followers.TryGetValue(runId, out var follower) && ReferenceEquals(follower, actor))
            _followers.Remove(runId);
    }

    private void Listed(RunSignal.Listed listed)
    {
        var present = listed.Reports.ToDictionary(r => r.RunId);
        foreach (var (runId, follower) in _followers)
            follower.Tell(present.TryGetValue(runId, out var report) ? new PipelineMessage.Reported(report) : new PipelineMessage.PodGone());
    }

    private void Tell(string runId, PipelineMessage message)
    {
        if (_followers.TryGetValue(runId, out var follower))
            follower.Tell(message);
    }
}
