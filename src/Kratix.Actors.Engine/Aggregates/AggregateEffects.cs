using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Aggregates;

/// <summary>
/// The switch from an aggregate's effect to a port call or a child, and what all of them share: runs as children, writes to stores, offers of
/// Destinations, and work off the actor's turn. Every answer comes back as a message.
/// </summary>
internal abstract class AggregateEffects<TMessage, TCommand, TEffect>(EngineServices services, IActorContext<TMessage> context)
    where TEffect : notnull
{
    private readonly Dictionary<string, StartedRun> _runs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stopped = new(StringComparer.Ordinal);

    /// <summary>Runs that are let go and whose actors still wait for an answer.</summary>
    private readonly Dictionary<IActorRef, StartedRun> _ending = [];
    private int _atWork;

    /// <summary>
    /// Whether something is on its way that will be told to this actor: put to sleep now, it would never hear of it, and an observation is told only once.
    /// </summary>
    internal bool IsAtWork => Volatile.Read(ref _atWork) > 0;

    protected EngineServices Services { get; } = services;

    protected World World => Services.World;

    protected IActorRef<TMessage> Self => context.Self;

    internal abstract void Issue(TEffect effect);

    internal abstract void LetGo(TEffect effect);

    /// <summary>Spawns the run of an effect that asks for one.</summary>
    internal abstract void StartRun(TEffect effect, PlannedPipeline pipeline);

    /// <summary>A message of both kinds of aggregate as one of this kind.</summary>
    internal abstract TMessage Own(AggregateMessage<TCommand, TEffect> message);

    protected abstract TCommand Offered(ImmutableArray<Destination> destinations, DateTimeOffset at);

    protected abstract TCommand Written(PlacementWrite write, WriteAnswer.Written answer, DateTimeOffset at);

    protected abstract TCommand WriteFailed(PlacementWrite write, WriteAnswer.Failed answer, DateTimeOffset at);

    /// <summary>How a run ended; it is let go when that is stored.</summary>
    internal void Ended(string runId, bool podAtWork)
    {
        if (_runs.TryGetValue(runId, out var started))
            _runs[runId] = started with { PodAtWork = podAtWork };
    }

    protected void Tell(AggregateMessage<TCommand, TEffect> message) => Self.Tell(Own(message));

    protected void Tell(Func<DateTimeOffset, TCommand> command, string cause) => Tell(new AggregateMessage<TCommand, TEffect>.Tell(command, cause));

    protected void Failed(TEffect effect, string reason, TimeSpan? after = null) => Tell(new AggregateMessage<TCommand, TEffect>.EffectFailed(effect, reason, after));

    /// <summary>Runs the Pipeline on the object as given; <paramref name="item"/> is without the marks of the API server that no Pipeline reads.</summary>
    protected void Spawn(RunRequest request, JsonObject item, RunCause cause)
    {
        // Prepared twice: what an earlier life of this actor began before it failed comes to its end in this one.
        if (_runs.ContainsKey(request.RunId))
            return;
        (item["metadata"] as JsonObject)?.Remove("managedFields");
        var yaml = Encoding.UTF8.GetBytes(Yaml.Write(item));
        _runs[request.RunId] = new StartedRun(request, context.Spawn(
            new Props<PipelineMessage>(() => new PipelineActor(
                Services.Runs, request, _ => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Done(yaml)),
                cause is RunCause.Interval or RunCause.Restart or RunCause.PromiseChanged,
                (result, podAtWork) => Tell(new AggregateMessage<TCommand, TEffect>.RunEnded(request.RunId, result, podAtWork)))),
            "run-" + request.RunId));
        if (_stopped.Contains(request.RunId))
            Stop(request.RunId);
    }

    /// <summary>Ends the run, also one that is still being prepared: it reports when its Pod is gone.</summary>
    protected void Stop(string runId)
    {
        _stopped.Add(runId);
        if (_runs.TryGetValue(runId, out var started))
            started.Child.Tell(new PipelineMessage.Stop());
    }

    protected void LetGoRun(string runId)
    {
        _stopped.Remove(runId);
        if (!_runs.Remove(runId, out var started))
            return;
        _ending[started.Child] = started;
        context.Watch(started.Child);
        context.Stop(started.Child);
    }

    /// <summary>The run's actor is gone, so nothing it asked for is on its way any more: a Pod that is removed now stays away.</summary>
    internal void ClearAfter(IActorRef child)
    {
        if (_ending.Remove(child, out var ended))
            Services.Runs.Janitor.After(ended.Request, ended.PodAtWork);
    }

    /// <summary>The object as the API server has it now: an observation like any other.</summary>
    protected abstract void Saw(JsonObject item);

    /// <summary>
    /// Changes a mark on the object; one that is gone, or another of its name, needs no mark. The answer is told as an observation: a watch that lost its place
    /// does not tell a mark that a user takes off again at once, and nobody would know that it was taken off.
    /// </summary>
    protected void Relabel(TEffect effect, Relabelling change, string uid, JsonObject? seen, Func<Task<(ResourceType Type, string? Namespace, string Name)>> address) => Guard(
        effect,
        async () =>
        {
            var (type, ns, name) = await address();
            var outcome = seen is null ? await World.Kubernetes.Get(type, ns, name, CancellationToken.None) : new Outcome<JsonObject>.Done(seen);
            if (outcome is Outcome<JsonObject>.Done { Value: var item })
            {
                if (item.Uid() != uid)
                    return;
                outcome = await World.Kubernetes.Patch(type, ns, name, PatchKind.Merge, ControlLabels.Patch(item, change), null, CancellationToken.None);
            }

            if (outcome is Outcome<JsonObject>.Done { Value: var marked })
            {
                Saw(marked);
                Tell(new AggregateMessage<TCommand, TEffect>.AskLater(effect, Backoff.UntilObserved));
            }
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                Failed(effect, outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After);
        });

    /// <summary>Takes finalizers off whose steps are done. Nobody waits for it.</summary>
    protected void TakeOff(TEffect effect, ResourceType type, string? ns, string name, string uid, IReadOnlyList<string> finalizers) => Guard(
        effect,
        async () =>
        {
            var outcome = await Ownership.TakeOff(World.Kubernetes, type, ns, name, uid, finalizers);
            if (outcome.Failure is { } failure)
                Failed(effect, failure, (outcome as Outcome<Nothing>.Transient)?.After);
        });

    protected void AwaitDestinations() => Services.Stores.Tell(new StateStoresMessage.Subscribe(
        context.Self, now => Tell(at => Offered(now, at), "Destinations changed")));

    protected void AwaitNoDestinations() => Services.Stores.Tell(new StateStoresMessage.Unsubscribe(context.Self));

    protected void Write(string entity, Works works, PlacementWrite write, TEffect effect) => Services.Stores.Tell(new StateStoresMessage.Write(
        write.Location, WriteRequest.Of(entity, works, write, answer =>
        {
            switch (answer)
            {
                case WriteAnswer.Written done:
                    Tell(at => Written(write, done, at), $"{write.Location.StoreName} acknowledged");
                    break;
                case WriteAnswer.Failed failed:
                    if (!failed.TriesAgain)
                        Tell(new AggregateMessage<TCommand, TEffect>.AskLater(effect, Backoff.AfterRefusal));
                    Tell(at => WriteFailed(write, failed, at), $"{write.Location.StoreName} did not take it");
                    break;
                default:
                    throw new InvalidOperationException($"unknown answer {answer.GetType()}");
            }
        })));

    /// <summary>Work off the actor's turn: whatever it throws becomes a failed effect, which is issued again.</summary>
    protected void Guard(TEffect effect, Func<Task> work) => Guard(reason => Own(new AggregateMessage<TCommand, TEffect>.EffectFailed(effect, reason, null)), work);

    protected void Guard(Func<string, TMessage> failed, Func<Task> work)
    {
        var self = context.Self;
        _ = Run();

        async Task Run()
        {
            Interlocked.Increment(ref _atWork);
            try
            {
                await work();
            }
            catch (Exception cause)
            {
                self.Tell(failed(cause.Message));
            }
            finally
            {
                Interlocked.Decrement(ref _atWork);
            }
        }
    }
}
