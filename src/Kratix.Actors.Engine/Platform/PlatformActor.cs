using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Platform;

/// <summary>What the keeper of the platform's configuration is told.</summary>
public abstract record PlatformMessage
{
    public sealed record Signal(WatchSignal Of) : PlatformMessage;

    /// <summary>Find the Promises that there are, and have them read anew.</summary>
    public sealed record TellPromises : PlatformMessage;

    public sealed record Promises(IReadOnlyList<string> Names) : PlatformMessage;

    public sealed record Failed(Exception Cause) : PlatformMessage;
}

/// <summary>
/// Follows the ConfigMap <c>kratix</c> of the system namespace and lays what it says over the engine's settings. A document that cannot be used changes nothing:
/// the last one that could stays, and the ConfigMap has an Event that says why. Promises are read anew where what follows from their spec depends on it.
/// </summary>
internal sealed partial class PlatformActor(World world, EngineSettings settings, IActorRef<ShardEnvelope<PromiseMessage>> promises) : Actor<PlatformMessage>
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _stop = new();
    private string? _seen;
    private IActorRef<PodExpiryMessage>? _expiry;

    protected override void PreStart()
    {
        var self = Context.Self;
        Expire();
        WatchLoop.Start(world, "watch of the platform's configuration", () => world.Watch.Watch(Kinds.ConfigMap, Kinds.SystemNamespace, null, _stop.Token), s => self.Tell(new PlatformMessage.Signal(s)), _stop.Token);
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>Before anything runs. What cannot be read now, the watch tells.</summary>
    internal static async Task Prime(World world, EngineSettings settings, CancellationToken cancellation)
    {
        if (await world.Kubernetes.Get(Kinds.ConfigMap, Kinds.SystemNamespace, PlatformDocument.Name, cancellation) is not Outcome<JsonObject>.Done { Value: var item })
            return;
        try
        {
            settings.Platform.Holds(PlatformDocument.Read(item));
        }
        catch (PlatformRefusedException refused)
        {
            settings.Platform.Refused(refused.Message);
        }
    }

    protected override void Receive(PlatformMessage message)
    {
        switch (message)
        {
            case PlatformMessage.Signal { Of: WatchSignal.Listed listed }:
                Observe(listed.Items.FirstOrDefault(IsOurs));
                break;
            case PlatformMessage.Signal { Of: WatchSignal.Changed { Item: var item } } when IsOurs(item):
                Observe(item);
                break;
            case PlatformMessage.Signal { Of: WatchSignal.Removed { Item: var item } } when IsOurs(item):
                Observe(null);
                break;
            case PlatformMessage.Signal:
                break;
            case PlatformMessage.TellPromises:
                Context.PipeToSelf<IReadOnlyList<string>>(Known(), names => new PlatformMessage.Promises(names), e => new PlatformMessage.Failed(e));
                break;
            case PlatformMessage.Promises { Names: var names }:
                foreach (var name in names)
                    promises.Tell(new ShardEnvelope<PromiseMessage>(name, new PromiseMessage.ReadAgain()));
                break;
            case PlatformMessage.Failed failed:
                LogPromises(world.Log, failed.Cause.Message);
                Context.Timers.StartSingle("promises", new PlatformMessage.TellPromises(), AskAgainAfter);
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private static bool IsOurs(JsonObject item) => item.Name() == PlatformDocument.Name;

    private void Observe(JsonObject? item)
    {
        var seen = item?["data"]?.ToJsonString() ?? (item is null ? "none" : "no data");
        if (_seen == seen)
            return;
        _seen = seen;
        try
        {
            Take(item is null ? PlatformConfiguration.None : PlatformDocument.Read(item));
        }
        catch (PlatformRefusedException refused)
        {
            LogRefused(world.Log, refused.Message);
            settings.Platform.Refused(refused.Message);
            Announce(item!, refused.Message);
        }
    }

    private void Take(PlatformConfiguration now)
    {
        var before = settings.Platform.Current;
        settings.Platform.Holds(now);
        Expire();
        if (before != PlatformConfiguration.None || now.Values.Count + now.WithoutEffect.Count > 0)
            LogTaken(world.Log, string.Join(", ", now.Values.Select(v => $"{v.Key} = {v.Value}")), string.Join(", ", now.WithoutEffect));
        if ((before.ReconcileInterval, before.ReconcileAfterFailure, before.BackoffLimit) != (now.ReconcileInterval, now.ReconcileAfterFailure, now.BackoffLimit))
            Context.Self.Tell(new PlatformMessage.TellPromises());
    }

    /// <summary>Nobody looks after the age of Pods until a setting asks for it.</summary>
    private void Expire()
    {
        if (settings.PodTtl is not null)
            _expiry ??= Context.Spawn(new Props<PodExpiryMessage>(() => new PodExpiryActor(world, settings)), "pod-expiry");
    }

    private async Task<IReadOnlyList<string>> Known()
    {
        var names = new List<string>();
        await foreach (var row in world.Journal.Summaries(Persistence.Shapes.Promise, "", _stop.Token))
            names.Add(row.Id);
        return names;
    }

    /// <summary>One Event for one reason: a start that finds the same document again does not repeat it.</summary>
    private void Announce(JsonObject item, string why)
    {
        var body = EventBody.Of(item, "Warning", "InvalidConfiguration", $"not used, the last good one stays: {why}", "PlatformConfiguration", world.Now);
        body["metadata"] = new JsonObject { ["name"] = $"{PlatformDocument.Name}.{Core.Digest.Of(item.Uid(), why)[..16]}", ["namespace"] = Kinds.SystemNamespace };
        _ = EventRecorder.Record(world, body);
    }

    [LoggerMessage(1601, LogLevel.Information, "The platform's ConfigMap sets: {Values}; without effect here: {Idle}")]
    private static partial void LogTaken(ILogger logger, string values, string idle);

    [LoggerMessage(1602, LogLevel.Error, "The platform's ConfigMap is refused, the last good one stays: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(1603, LogLevel.Warning, "The Promises could not be told of the platform's new settings: {Reason}")]
    private static partial void LogPromises(ILogger logger, string reason);
}
