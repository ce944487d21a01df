using System.Text.Json.Nodes;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>What the watch of Promises is told.</summary>
public abstract record PromiseWatchMessage
{
    public sealed record Signal(WatchSignal Of) : PromiseWatchMessage;
}

/// <summary>Watches Promises and tells each what was seen of it.</summary>
internal sealed class PromiseWatchActor(World world, IActorRef<ShardEnvelope<PromiseMessage>> promises) : Actor<PromiseWatchMessage>
{
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart()
    {
        var self = Context.Self;
        WatchLoop.Start(world, Kinds.Promise, s => self.Tell(new PromiseWatchMessage.Signal(s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(PromiseWatchMessage message)
    {
        switch (message)
        {
            case PromiseWatchMessage.Signal { Of: WatchSignal.Listed listed }:
                foreach (var item in listed.Items)
                    Tell(item, new PromiseMessage.Observed(item));
                break;
            case PromiseWatchMessage.Signal { Of: WatchSignal.Changed { Item: var item } }:
                Tell(item, new PromiseMessage.Observed(item));
                break;
            case PromiseWatchMessage.Signal { Of: WatchSignal.Removed { Item: var item } }:
                Tell(item, new PromiseMessage.Vanished(item));
                break;
            case PromiseWatchMessage.Signal:
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Tell(JsonObject item, PromiseMessage message) => promises.Tell(new ShardEnvelope<PromiseMessage>(item.Name(), message));
}
