using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Resources;

/// <summary>One switch from a Resource's effect to a port call or a child; every answer comes back as a message.</summary>
internal sealed class EffectRunner(EngineServices services, IActorContext<ResourceMessage> context, Func<ResourceState> state)
    : AggregateEffects<ResourceMessage, ResourceCommand, ResourceEffect>(services, context)
{
    private bool _fetching;

    /// <summary>The object as last seen; null until it has been.</summary>
    internal JsonObject? Item { get; private set; }

    /// <summary>How the API server calls this kind.</summary>
    internal ResourceType? Type { get; private set; }

    internal void Saw(JsonObject item, PromiseDefinition promise)
    {
        Item = item;
        Type = promise.Api!.ResourceType();
    }

    /// <summary>
    /// Whether something newer is known: a listing can be overtaken by a change. A run that was given the older object would fulfil what
    /// nobody wishes any more, and its result would count for the newer.
    /// </summary>
    internal bool IsOutdated(JsonObject item)
    {
        if (state().Object is { } known && known.Uid == item.Uid() && item.Generation() < known.Generation)
            return true;
        return Item is { } last && item.IsOlderThan(last);
    }

    internal override void Issue(ResourceEffect effect)
    {
        switch (effect)
        {
            case ResourceEffect.RunPipeline run:
                LoadRun(run);
                break;
            case ResourceEffect.AwaitDestination:
                AwaitDestinations();
                break;
            case ResourceEffect.WritePlacement { Write: var write }:
                Write(state().Id.ToString(), state().Works, write, effect);
                break;
            case ResourceEffect.StopRun stop:
                Stop(stop.RunId);
                break;
            case ResourceEffect.Relabel relabel:
                var (id, digest) = (state().Id, state().Revision!.Digest);
                Relabel(relabel, relabel.Change, relabel.Uid, Item, async () => ((await Services.Revisions.Get(digest)).Type!, id.Namespace, id.Name));
                break;
            case ResourceEffect.TakeFinalizersOff off:
                TakeOff(off);
                break;
            case ResourceEffect.ReleaseFinalizer release:
                Release(release);
                break;
            case ResourceEffect.WakeAt:
                // A row: the wake-ups of the journal are looked through for all Resources at once.
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType()}");
        }
    }

    internal override void LetGo(ResourceEffect effect)
    {
        switch (effect)
        {
            case ResourceEffect.RunPipeline run:
                LetGoRun(run.RunId);
                break;
            case ResourceEffect.AwaitDestination:
                AwaitNoDestinations();
                break;
            default:
                // Answered, or answered too late to matter: the stamp sees to it.
                break;
        }
    }

    internal void TakeOwnership(JsonObject item, PromiseDefinition promise, bool available)
    {
        var patch = Ownership.Take(item, ResourceFinalizers.All, ResourceFinalizers.All, new JsonObject { [Marks.PromiseName] = promise.Revision.Promise });
        ResourceMessage Again(string reason, TimeSpan? after) => new ResourceMessage.TakeAgain(item, promise, available, reason, after);
        Guard(
            reason => Again(reason, null),
            async () =>
            {
                // A conflict means that a newer observation is on its way, and who is gone needs no owner.
                var outcome = await World.Kubernetes.Patch(Type!, item.Namespace(), item.Name(), PatchKind.Merge, patch, null, CancellationToken.None);
                if (outcome is Outcome<JsonObject>.Done done)
                    Self.Tell(new ResourceMessage.Observed(done.Value, promise, available));
                else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.Conflict or Refusal.NotFound })
                    Self.Tell(Again(outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
            });
    }

    /// <summary>The object, when it is needed before it has been observed. Asked for once; the next listing brings it anyway.</summary>
    internal void FetchOnce()
    {
        if (_fetching || state().Revision is not { } revision)
            return;
        _fetching = true;
        var id = state().Id;
        Guard(_ => ResourceMessage.Wake(), async () =>
        {
            var type = (await Services.Revisions.Get(revision.Digest)).Type;
            if (type is not null && await World.Kubernetes.Get(type, id.Namespace, id.Name, CancellationToken.None) is Outcome<JsonObject>.Done done)
                Self.Tell(new ResourceMessage.Loaded(type, done.Value));
        });
    }

    internal void Fetched(ResourceType type, JsonObject? item)
    {
        Type ??= type;
        Item ??= item;
    }

    internal override ResourceMessage Own(AggregateMessage<ResourceCommand, ResourceEffect> message) => new ResourceMessage.Own(message);

    internal override void StartRun(ResourceEffect effect, PlannedPipeline pipeline)
    {
        var (run, id, type) = ((ResourceEffect.RunPipeline)effect, state().Id, Type!);
        var subject = new RunSubject(id.Promise, type.Kind, type.Group, type.Version, type.Plural, id.Namespace, id.Name, state().Object!.Uid);
        var request = new RunRequest(run.RunId, run.Action, pipeline.Document, subject, run.Attempt)
        {
            PipelineNamespace = pipeline.Namespace,
            IsFirst = state().Workflow.Run == 1 && run.Attempt == 1,
            Retries = state().Workflow.RetriesLeft(state().Revision!.Retry),
            TraceParent = EngineTraces.ParentOf(Item, state().Object!.Generation),
        };
        Spawn(request, ObjectForRun(), run.Cause);
    }

    protected override void Saw(JsonObject item)
    {
        var id = state().Id;
        Services.Promises.Tell(new ShardEnvelope<PromiseMessage>(id.Promise, new PromiseMessage.Requests(new WatchSignal.Changed(item))));
    }

    protected override ResourceCommand Offered(ImmutableArray<Destination> destinations, DateTimeOffset at) => new ResourceCommand.OfferDestinations(destinations, at);

    protected override ResourceCommand Written(PlacementWrite write, WriteAnswer.Written answer, DateTimeOffset at) =>
        new ResourceCommand.ReportWritten(write.Placement, write.Stamp, answer.CommitId, answer.Changed, at);

    protected override ResourceCommand WriteFailed(PlacementWrite write, WriteAnswer.Failed answer, DateTimeOffset at) =>
        new ResourceCommand.ReportWriteFailed(write.Placement, write.Stamp, answer.Reason, at) { StoreIsGone = answer.StoreIsGone };

    /// <summary>The object as its Pipelines see it: as observed, with the status that the state says it should show.</summary>
    private JsonObject ObjectForRun()
    {
        var item = Item!.DeepClone().AsObject();
        item["status"] = ResourceStatus.Of(state());
        return item;
    }

    private void LoadRun(ResourceEffect.RunPipeline effect)
    {
        var id = state().Id;
        var known = Item is not null;
        Guard(effect, async () =>
        {
            var revision = await Services.Revisions.Get(effect.RevisionDigest);
            if (!known)
            {
                var fetched = await World.Kubernetes.Get(revision.Type!, id.Namespace, id.Name, CancellationToken.None);
                if (fetched is Outcome<JsonObject>.Done done)
                    Self.Tell(new ResourceMessage.Loaded(revision.Type!, done.Value));
                else if (fetched is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                    Self.Tell(new ResourceMessage.Loaded(revision.Type!, Bare(revision.Type!, id)));
                else
                {
                    Failed(effect, fetched.Failure!);
                    return;
                }
            }

            Tell(new AggregateMessage<ResourceCommand, ResourceEffect>.RunReady(effect, revision.Pipeline("resource", effect.Action, effect.Pipeline)));
        });
    }

    /// <summary>All that is left of an object that was taken away: its name.</summary>
    private static JsonObject Bare(ResourceType type, ResourceId id) => new()
    {
        ["apiVersion"] = type.ApiVersion,
        ["kind"] = type.Kind,
        ["metadata"] = new JsonObject { ["name"] = id.Name, ["namespace"] = id.Namespace, ["labels"] = new JsonObject { [Marks.PromiseName] = id.Promise } },
    };

    private void TakeOff(ResourceEffect.TakeFinalizersOff effect)
    {
        var (id, digest) = (state().Id, state().Revision!.Digest);
        Guard(effect, async () =>
        {
            var type = (await Services.Revisions.Get(digest)).Type!;
            TakeOff(effect, type, id.Namespace, id.Name, effect.Uid, ResourceFinalizers.Before(effect.Before));
        });
    }

    private void Release(ResourceEffect.ReleaseFinalizer effect)
    {
        var (id, digest) = (state().Id, state().Revision!.Digest);
        Guard(effect, async () =>
        {
            var revision = await Services.Revisions.Get(digest);
            // Pods in its own namespace go with it.
            var outcome = revision.PipelineNamespace is { } elsewhere && elsewhere != id.Namespace
                ? await Services.Runs.Janitor.RemoveAll(elsewhere, $"{Marks.PromiseName}={id.Promise},{Marks.WorkflowType}=resource,{Marks.ResourceName}={id.Name},{Marks.ResourceNamespace}={id.Namespace}")
                : new Outcome<Nothing>.Done(default);
            if (outcome is Outcome<Nothing>.Done)
                outcome = await Ownership.TakeOff(World.Kubernetes, revision.Type!, id.Namespace, id.Name, effect.Uid, ResourceFinalizers.All);
            if (outcome.Failure is { } failure)
                Failed(effect, failure, (outcome as Outcome<Nothing>.Transient)?.After);
            else
                Tell(at => new ResourceCommand.ReportReleased(effect.Uid, at), "finalizers are off");
        });
    }
}
