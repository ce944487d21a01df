using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.Resources;

/// <summary>One switch from a Resource's effect to a port call or a child; every answer comes back as a message.</summary>
internal sealed class EffectRunner(EngineServices services, IActorContext<ResourceMessage> context, Func<ResourceState> state)
{
    private readonly World _world = services.World;
    private readonly Dictionary<string, StartedRun> _runs = new(StringComparer.Ordinal);
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
        return Item is { } last && (last.Uid() == item.Uid()
            ? item.Generation() < last.Generation()
            : string.CompareOrdinal(Created(item), Created(last)) < 0);
    }

    private static string? Created(JsonObject item) => item["metadata"]?["creationTimestamp"]?.ToString();

    internal void Issue(ResourceEffect effect)
    {
        switch (effect)
        {
            case ResourceEffect.RunPipeline run:
                LoadRun(run);
                break;
            case ResourceEffect.AwaitDestination:
                var self = context.Self;
                services.Stores.Tell(new StateStoresMessage.Subscribe(self, now => self.Tell(
                    new ResourceMessage.Tell(at => new ResourceCommand.OfferDestinations(now, at), "Destinations changed"))));
                break;
            case ResourceEffect.WritePlacement { Write: var write }:
                services.Stores.Tell(new StateStoresMessage.Write(write.Location, WriteRequest.Of(state().Id.ToString(), state().Works, write, Answer(effect, write))));
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

    internal void LetGo(ResourceEffect effect)
    {
        switch (effect)
        {
            case ResourceEffect.RunPipeline run when _runs.Remove(run.RunId, out var started):
                context.Stop(started.Child);
                services.Runs.Janitor.After(started.Request, started.PodAtWork);
                break;
            case ResourceEffect.AwaitDestination:
                services.Stores.Tell(new StateStoresMessage.Unsubscribe(context.Self));
                break;
            default:
                // Answered, or answered too late to matter: the stamp sees to it.
                break;
        }
    }

    /// <summary>How a run ended; it is let go when that is stored.</summary>
    internal void Ended(string runId, bool podAtWork)
    {
        if (_runs.TryGetValue(runId, out var started))
            _runs[runId] = started with { PodAtWork = podAtWork };
    }

    internal void TakeOwnership(JsonObject item, PromiseDefinition promise, bool available)
    {
        var patch = Ownership.Take(item, Marks.ResourceFinalizers, new JsonObject { [Marks.PromiseName] = promise.Revision.Promise });
        var self = context.Self;
        _ = Guard(
            async () =>
            {
                // A conflict means that a newer observation is on its way, and who is gone needs no owner.
                var outcome = await _world.Kubernetes.Patch(Type!, item.Namespace(), item.Name(), PatchKind.Merge, patch, null, CancellationToken.None);
                if (outcome is Outcome<JsonObject>.Done done)
                    self.Tell(new ResourceMessage.Observed(done.Value, promise, available));
                else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.Conflict or Refusal.NotFound })
                    self.Tell(new ResourceMessage.TakeAgain(item, promise, available, outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
            },
            new ResourceEffect.AwaitDestination());
    }

    /// <summary>The object, when it is needed before it has been observed. Asked for once; the next listing brings it anyway.</summary>
    internal void FetchOnce()
    {
        if (_fetching || state().Revision is not { } revision)
            return;
        _fetching = true;
        var id = state().Id;
        var self = context.Self;
        _ = Guard(async () =>
        {
            var type = (await services.Revisions.Get(revision.Digest)).Type;
            if (type is not null && await _world.Kubernetes.Get(type, id.Namespace, id.Name, CancellationToken.None) is Outcome<JsonObject>.Done done)
                self.Tell(new ResourceMessage.Loaded(type, done.Value));
        }, new ResourceEffect.AwaitDestination());
    }

    internal void Fetched(ResourceType type, JsonObject? item)
    {
        Type ??= type;
        Item ??= item;
    }

    internal void StartRun(ResourceEffect.RunPipeline effect, JsonObject pipeline)
    {
        var id = state().Id;
        var type = Type!;
        var self = context.Self;
        var subject = new RunSubject(id.Promise, type.Kind, type.Group, type.Version, type.Plural, id.Namespace, id.Name, state().Object!.Uid);
        var request = new RunRequest(effect.RunId, effect.Action, pipeline, subject, effect.Attempt) { IsFirst = state().Workflow.Run == 1 && effect.Attempt == 1 };
        var yaml = Encoding.UTF8.GetBytes(Yaml.Write(ObjectForRun()));
        _runs[effect.RunId] = new StartedRun(request, context.Spawn(
            new Props<PipelineMessage>(() => new PipelineActor(
                services.Runs, request, _ => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Done(yaml)),
                effect.Cause is RunCause.Interval or RunCause.Restart, (result, podAtWork) => self.Tell(new ResourceMessage.RunEnded(effect.RunId, result, podAtWork)))),
            "run-" + effect.RunId));
    }

    /// <summary>The object as its Pipelines see it: as observed, with the status that the state says it should show.</summary>
    private JsonObject ObjectForRun()
    {
        var item = Item!.DeepClone().AsObject();
        item["status"] = ResourceStatus.Of(state());
        (item["metadata"] as JsonObject)?.Remove("managedFields");
        return item;
    }

    private void LoadRun(ResourceEffect.RunPipeline effect)
    {
        var id = state().Id;
        var self = context.Self;
        var known = Item is not null;
        _ = Guard(async () =>
        {
            var revision = await services.Revisions.Get(effect.RevisionDigest);
            if (!known)
            {
                var fetched = await _world.Kubernetes.Get(revision.Type!, id.Namespace, id.Name, CancellationToken.None);
                if (fetched is Outcome<JsonObject>.Done done)
                    self.Tell(new ResourceMessage.Loaded(revision.Type!, done.Value));
                else if (fetched is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                    self.Tell(new ResourceMessage.Loaded(revision.Type!, Bare(revision.Type!, id)));
                else
                {
                    self.Tell(new ResourceMessage.EffectFailed(effect, fetched.Failure!, null));
                    return;
                }
            }

            self.Tell(new ResourceMessage.RunReady(effect, revision.Pipeline("resource", effect.Action, effect.Pipeline)));
        }, effect);
    }

    /// <summary>All that is left of an object that was taken away: its name.</summary>
    private static JsonObject Bare(ResourceType type, ResourceId id) => new()
    {
        ["apiVersion"] = type.ApiVersion,
        ["kind"] = type.Kind,
        ["metadata"] = new JsonObject { ["name"] = id.Name, ["namespace"] = id.Namespace, ["labels"] = new JsonObject { [Marks.PromiseName] = id.Promise } },
    };

    private void Release(ResourceEffect.ReleaseFinalizer effect)
    {
        var id = state().Id;
        var digest = state().Revision!.Digest;
        var self = context.Self;
        _ = Guard(async () =>
        {
            var type = (await services.Revisions.Get(digest)).Type!;
            var outcome = await ReleaseOnce(type, id, effect.Uid);
            self.Tell(outcome.Failure is { } failure
                ? new ResourceMessage.EffectFailed(effect, failure, (outcome as Outcome<Nothing>.Transient)?.After)
                : new ResourceMessage.Tell(at => new ResourceCommand.ReportReleased(effect.Uid, at), "finalizers are off"));
        }, effect);
    }

    private async Task<Outcome<Nothing>> ReleaseOnce(ResourceType type, ResourceId id, string uid)
    {
        switch (await _world.Kubernetes.Get(type, id.Namespace, id.Name, CancellationToken.None))
        {
            case Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }:
                return new Outcome<Nothing>.Done(default);
            case Outcome<JsonObject>.Done { Value: var item } when item.Uid() != uid || !Ownership.HasAny(item, Marks.ResourceFinalizers):
                return new Outcome<Nothing>.Done(default);
            case Outcome<JsonObject>.Done { Value: var item }:
                var patched = await _world.Kubernetes.Patch(
                    type, id.Namespace, id.Name, PatchKind.Merge, Ownership.Release(item, Marks.ResourceFinalizers), null, CancellationToken.None);
                return patched is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } ? new Outcome<Nothing>.Done(default) : patched.Select(_ => default(Nothing));
            case var failed:
                return failed.Select(_ => default(Nothing));
        }
    }

    private Action<WriteAnswer> Answer(ResourceEffect effect, PlacementWrite write)
    {
        var self = context.Self;
        return answer =>
        {
            if (answer is WriteAnswer.Failed { TriesAgain: false })
                self.Tell(new ResourceMessage.WriteRefused(effect));
            self.Tell(answer switch
            {
                WriteAnswer.Written w => new ResourceMessage.Tell(
                    at => new ResourceCommand.ReportWritten(write.Placement, write.Stamp, w.CommitId, w.Changed, at), $"{write.Location.StoreName} acknowledged"),
                WriteAnswer.Failed f => new ResourceMessage.Tell(
                    at => new ResourceCommand.ReportWriteFailed(write.Placement, write.Stamp, f.Reason, at), $"{write.Location.StoreName} did not take it"),
                _ => throw new InvalidOperationException($"unknown answer {answer.GetType()}"),
            });
        };
    }

    /// <summary>Work off the actor's turn: whatever it throws becomes a failed effect, which is issued again.</summary>
    private async Task Guard(Func<Task> work, ResourceEffect effect)
    {
        var self = context.Self;
        try
        {
            await work();
        }
        catch (Exception cause)
        {
            self.Tell(new ResourceMessage.EffectFailed(effect, cause.Message, null));
        }
    }
}
