using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Journal;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine;

/// <summary>What the alarm clock is told.</summary>
public abstract record WakeUpsMessage
{
    public sealed record Look : WakeUpsMessage;

    public sealed record Found(IReadOnlyList<DueWakeUp> Due) : WakeUpsMessage;

    public sealed record Failed(Exception Cause) : WakeUpsMessage;

    /// <summary>Run it again because the engine was started.</summary>
    public sealed record Restart(EntityKey Entity) : WakeUpsMessage;

    /// <summary>The moment it asked for came while the engine was away.</summary>
    public sealed record Overdue(EntityKey Entity) : WakeUpsMessage;
}

/// <summary>
/// Looks through the journal's due wake-ups and tells those who asked for them. One look at a time, so a slow journal is not asked faster than it
/// answers; a bounded number per look. What fell due while the engine was away is told by whoever takes up what is unfinished, spread over the window of the
/// start; until that is over only later moments are looked for, and after it all of them, so that none is forgotten.
/// </summary>
internal sealed partial class WakeUpsActor(
    World world, EngineSettings settings, IActorRef<ShardEnvelope<PromiseMessage>> promises, IActorRef<ShardEnvelope<ResourceMessage>> resources, string startToken)
    : Actor<WakeUpsMessage>
{
    private const string LookTimer = "look";
    private const int MaxPerLook = 200;

    /// <summary>Whoever was told and did not move on is slow or cannot be read: telling it at each look would only fill its mailbox.</summary>
    private static readonly TimeSpan TellAgainAfter = TimeSpan.FromSeconds(5);

    private readonly HashSet<DueWakeUp> _told = [];
    private long _toldSince = world.Time.GetTimestamp();
    private DateTimeOffset? _goOnAfter;
    private readonly DateTimeOffset _started = world.Now;
    private readonly long _startedAt = world.Time.GetTimestamp();

    private DateTimeOffset LaterThan => world.Time.GetElapsedTime(_startedAt) < settings.OnStartWindow ? _started : DateTimeOffset.MinValue;

    protected override void PreStart() => Context.Timers.StartSingle(LookTimer, new WakeUpsMessage.Look(), settings.WakeUpPoll);

    protected override void Receive(WakeUpsMessage message)
    {
        switch (message)
        {
            case WakeUpsMessage.Look:
                Context.PipeToSelf<IReadOnlyList<DueWakeUp>>(
                    world.Journal.Due(_goOnAfter ?? LaterThan, world.Now, MaxPerLook, CancellationToken.None), due => new WakeUpsMessage.Found(due), e => new WakeUpsMessage.Failed(e));
                break;
            case WakeUpsMessage.Found found:
                world.Health.Looked(world.Time);
                // On from the last, and from the first again only after all: those that come to nothing stay due and must not keep the others waiting.
                _goOnAfter = found.Due.Count == MaxPerLook ? found.Due[^1].At : null;
                TellNew(found.Due);
                Context.Timers.StartSingle(LookTimer, new WakeUpsMessage.Look(), settings.WakeUpPoll);
                break;
            case WakeUpsMessage.Failed failed:
                LogFailed(world.Log, failed.Cause.Message);
                Context.Timers.StartSingle(LookTimer, new WakeUpsMessage.Look(), settings.WakeUpPoll * 10);
                break;
            case WakeUpsMessage.Restart restart:
                Tell(restart.Entity, at => new ResourceCommand.Restart(startToken, at), at => new PromiseCommand.Restart(startToken, at), "the engine was started");
                break;
            case WakeUpsMessage.Overdue overdue:
                WakeUp(overdue.Entity);
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void TellNew(IReadOnlyList<DueWakeUp> found)
    {
        if (world.Time.GetElapsedTime(_toldSince) >= TellAgainAfter)
        {
            _told.Clear();
            _toldSince = world.Time.GetTimestamp();
        }

        foreach (var due in found)
            if (_told.Add(due))
                WakeUp(due.Entity);
    }

    private void WakeUp(EntityKey entity) =>
        Tell(entity, at => new ResourceCommand.WakeUp(at), at => new PromiseCommand.WakeUp(at), "a moment it asked for has come");

    private void Tell(EntityKey entity, Func<DateTimeOffset, ResourceCommand> resource, Func<DateTimeOffset, PromiseCommand> promise, string cause)
    {
        if (entity.Type == Shapes.Resource)
            resources.Tell(new ShardEnvelope<ResourceMessage>(entity.Id, ResourceMessage.Tell(resource, cause)));
        else
            promises.Tell(new ShardEnvelope<PromiseMessage>(entity.Id, PromiseMessage.Tell(promise, cause)));
    }

    [LoggerMessage(1201, LogLevel.Error, "The journal could not be asked for due wake-ups: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
