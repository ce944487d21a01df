using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.Promises;

/// <summary>One switch from a Promise's effect to a port call or a child; every answer comes back as a message.</summary>
internal sealed class PromiseEffects(EngineServices services, IActorContext<PromiseMessage> context, Func<PromiseState> state, Func<JsonObject?> seen)
{
    private readonly World _world = services.World;
    private readonly ApiInstaller _api = new(services.World, state().Name);
    private readonly Dictionary<string, StartedRun> _runs = new(StringComparer.Ordinal);

    internal void Issue(PromiseEffect effect)
    {
        switch (effect)
        {
            case PromiseEffect.InstallApi install:
                InstallApi(install);
                break;
            case PromiseEffect.RunPipeline run:
                LoadRun(run);
                break;
            case PromiseEffect.AwaitDestinations:
                var self = context.Self;
                services.Stores.Tell(new StateStoresMessage.Subscribe(self, now => self.Tell(
                    new PromiseMessage.Tell(at => new PromiseCommand.OfferDestinations(now, at), "Destinations changed"))));
                break;
            case PromiseEffect.WritePlacement { Write: var write }:
                services.Stores.Tell(new StateStoresMessage.Write(write.Location, WriteRequest.Of(state().Name, state().Works, write, Answer(effect, write))));
                break;
            case PromiseEffect.RemoveRequests remove:
                RemoveRequests(remove);
                break;
            case PromiseEffect.RemoveApi remove:
                RemoveApi(remove);
                break;
            case PromiseEffect.ReleaseFinalizers release:
                Release(release);
                break;
            case PromiseEffect.WakeAt:
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType()}");
        }
    }

    internal void LetGo(PromiseEffect effect)
    {
        switch (effect)
        {
            case PromiseEffect.RunPipeline run when _runs.Remove(run.RunId, out var started):
                context.Stop(started.Child);
                services.Runs.Janitor.After(started.Request, started.PodAtWork);
                break;
            case PromiseEffect.AwaitDestinations:
                services.Stores.Tell(new StateStoresMessage.Unsubscribe(context.Self));
                break;
            default:
                break;
        }
    }

    /// <summary>How a run ended; it is let go when that is stored.</summary>
    internal void Ended(string runId, bool podAtWork)
    {
        if (_runs.TryGetValue(runId, out var started))
            _runs[runId] = started with { PodAtWork = podAtWork };
    }

    internal void LookAtSelf() => Guard(
        new PromiseMessage.LookAtSelf(),
        async self =>
        {
            var outcome = await _world.Kubernetes.Get(Kinds.Promise, null, state().Name, CancellationToken.None);
            if (outcome is Outcome<JsonObject>.Done done)
                self.Tell(new PromiseMessage.Observed(done.Value));
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                self.Tell(new PromiseMessage.AskLater(new PromiseMessage.LookAtSelf(), outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
        });

    internal void LookAt(ResourceType type, PromiseMessage.LookAt look) => Guard(
        look,
        async self =>
        {
            var outcome = await _world.Kubernetes.Get(type, look.Namespace, look.Name, CancellationToken.None);
            if (outcome is Outcome<JsonObject>.Done done)
                self.Tell(new PromiseMessage.Requests(new WatchSignal.Changed(done.Value)));
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                self.Tell(new PromiseMessage.AskLater(look, outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
        });

    internal void Relist(ResourceType type) => Guard(
        new PromiseMessage.Relist(),
        async self =>
        {
            var outcome = await _world.Kubernetes.List(type, null, null, CancellationToken.None);
            self.Tell(outcome is Outcome<IReadOnlyList<JsonObject>>.Done done
                ? new PromiseMessage.Requests(new WatchSignal.Listed(done.Value))
                : new PromiseMessage.AskLater(new PromiseMessage.Relist(), outcome.Failure!, (outcome as Outcome<IReadOnlyList<JsonObject>>.Transient)?.After));
        });

    internal void TakeOwnership(JsonObject item) => Guard(
        new PromiseMessage.LookAtSelf(),
        async self =>
        {
            var outcome = await _world.Kubernetes.Patch(
                Kinds.Promise, null, item.Name(), PatchKind.Merge, Ownership.Take(item, Marks.PromiseFinalizers, null), null, CancellationToken.None);
            if (outcome is Outcome<JsonObject>.Done done)
                self.Tell(new PromiseMessage.Observed(done.Value));
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.Conflict or Refusal.NotFound })
                self.Tell(new PromiseMessage.AskLater(new PromiseMessage.LookAtSelf(), outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
        });

    /// <summary>Keeps the spec and the dependencies file by their digests before anything is decided by them.</summary>
    internal void Store(JsonObject item, PromiseReading reading) => Guard(
        new PromiseMessage.LookAtSelf(),
        async self =>
        {
            await services.Revisions.Put(item["spec"]!.AsObject());
            if (reading.DependenciesFile is { } file)
                await _world.Content.Put(file, CancellationToken.None);
            // The identity that operators bind roles to is there before the first request.
            if ((await services.Runs.Accounts.Ensure(item.Name(), "default", CancellationToken.None)).Failure is { } failure)
                throw new InvalidOperationException($"the ServiceAccount of its Pipelines could not be made: {failure}");
            self.Tell(new PromiseMessage.Stored(item, reading.Definition));
        });

    internal void StartRun(PromiseEffect.RunPipeline effect, JsonObject pipeline)
    {
        var self = context.Self;
        var now = state();
        var subject = new RunSubject(now.Name, "Promise", Kinds.Group, "v1alpha1", "promises", null, now.Name, now.Object!.Uid);
        var item = seen()?.DeepClone().AsObject() ?? [];
        item["status"] = PromiseStatus.Of(now);
        (item["metadata"] as JsonObject)?.Remove("managedFields");
        var yaml = Encoding.UTF8.GetBytes(Yaml.Write(item));
        var request = new RunRequest(effect.RunId, effect.Action, pipeline, subject, effect.Attempt) { IsFirst = state().Workflow.Run == 1 && effect.Attempt == 1 };
        _runs[effect.RunId] = new StartedRun(request, context.Spawn(
            new Props<PipelineMessage>(() => new PipelineActor(
                services.Runs, request,
                _ => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Done(yaml)),
                effect.Cause is RunCause.Interval or RunCause.Restart, (result, podAtWork) => self.Tell(new PromiseMessage.RunEnded(effect.RunId, result, podAtWork)))),
            "run-" + effect.RunId));
    }

    private void LoadRun(PromiseEffect.RunPipeline effect) => Guard(
        effect,
        async self => self.Tell(new PromiseMessage.RunReady(effect, (await services.Revisions.Get(effect.RevisionDigest)).Pipeline("promise", effect.Action, effect.Pipeline))));

    private void InstallApi(PromiseEffect.InstallApi effect)
    {
        var definition = state().Definition!;
        Guard(
            effect,
            async self =>
            {
                var spec = (await services.Revisions.Get(definition.Revision.Digest)).Spec;
                var crd = ApiPreparation.Prepare(spec["api"]!.AsObject(), definition.Revision.Promise);
                var outcome = await _api.Install(crd, definition.Api!.CrdName);
                self.Tell(outcome switch
                {
                    Outcome<Nothing>.Done => new PromiseMessage.Tell(at => new PromiseCommand.ReportApiInstalled(effect.Stamp, at), "the API is established"),
                    Outcome<Nothing>.Terminal t => new PromiseMessage.Tell(at => new PromiseCommand.ReportApiRefused(effect.Stamp, $"invalid CRD: {t.Reason}", at), "the API server refused the CRD"),
                    _ => new PromiseMessage.EffectFailed(effect, outcome.Failure!, null),
                });
            });
    }

    private void RemoveRequests(PromiseEffect.RemoveRequests effect)
    {
        var api = state().Definition?.Api;
        Guard(
            effect,
            async self =>
            {
                IReadOnlyList<JsonObject> left = [];
                if (api is not null)
                {
                    var listed = await _world.Kubernetes.List(api.ResourceType(), null, null, CancellationToken.None);
                    if (listed is Outcome<IReadOnlyList<JsonObject>>.Done done)
                        left = done.Value;
                    else if (listed is not Outcome<IReadOnlyList<JsonObject>>.Terminal { Code: Refusal.NotFound })
                        throw new InvalidOperationException($"its requests could not be listed: {listed.Failure}");
                }

                foreach (var request in left.Where(r => !r.IsDeleting()))
                {
                    if ((await _world.Kubernetes.Delete(api!.ResourceType(), request.Namespace(), request.Name(), CancellationToken.None)).Failure is { } failure)
                        throw new InvalidOperationException($"{request.Namespace()}/{request.Name()} could not be deleted: {failure}");
                }

                self.Tell(left.Count == 0
                    ? new PromiseMessage.Tell(at => new PromiseCommand.ReportRequestsRemoved(effect.Uid, at), "no request is left")
                    : new PromiseMessage.EffectFailed(effect, $"{left.Count} requests are being deleted", null));
            });
    }

    private void RemoveApi(PromiseEffect.RemoveApi effect)
    {
        var name = state().Definition!.Api!.CrdName;
        Guard(
            effect,
            async self =>
            {
                var outcome = await _api.Remove(name);
                self.Tell(outcome.Failure is { } failure
                    ? new PromiseMessage.EffectFailed(effect, failure, null)
                    : new PromiseMessage.Tell(at => new PromiseCommand.ReportApiRemoved(effect.Uid, at), "the API is gone"));
            });
    }

    private void Release(PromiseEffect.ReleaseFinalizers effect)
    {
        var name = state().Name;
        Guard(
            effect,
            async self =>
            {
                var got = await _world.Kubernetes.Get(Kinds.Promise, null, name, CancellationToken.None);
                if (got is Outcome<JsonObject>.Done { Value: var item } && item.Uid() == effect.Uid && Ownership.HasAny(item, Marks.PromiseFinalizers))
                {
                    got = await _world.Kubernetes.Patch(
                        Kinds.Promise, null, name, PatchKind.Merge, Ownership.Release(item, Marks.PromiseFinalizers), null, CancellationToken.None);
                }

                if (got is not (Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }))
                    throw new InvalidOperationException($"its finalizers could not be taken off: {got.Failure}");
                self.Tell(new PromiseMessage.Tell(at => new PromiseCommand.ReportReleased(effect.Uid, at), "finalizers are off"));
            });
    }

    private Action<WriteAnswer> Answer(PromiseEffect effect, PlacementWrite write)
    {
        var self = context.Self;
        return answer =>
        {
            if (answer is WriteAnswer.Failed { TriesAgain: false })
                self.Tell(new PromiseMessage.WriteRefused(effect));
            self.Tell(answer switch
            {
                WriteAnswer.Written w => new PromiseMessage.Tell(
                    at => new PromiseCommand.ReportWritten(write.Placement, write.Stamp, w.CommitId, w.Changed, at), $"{write.Location.StoreName} acknowledged"),
                WriteAnswer.Failed f => new PromiseMessage.Tell(
                    at => new PromiseCommand.ReportWriteFailed(write.Placement, write.Stamp, f.Reason, at), $"{write.Location.StoreName} did not take it"),
                _ => throw new InvalidOperationException($"unknown answer {answer.GetType()}"),
            });
        };
    }

    /// <summary>Work off the actor's turn: whatever it throws becomes a failed effect, which is issued again.</summary>
    private void Guard(PromiseEffect effect, Func<IActorRef<PromiseMessage>, Task> work) =>
        Guard(reason => new PromiseMessage.EffectFailed(effect, reason, null), work);

    private void Guard(PromiseMessage question, Func<IActorRef<PromiseMessage>, Task> work) =>
        Guard(reason => new PromiseMessage.AskLater(question, reason, null), work);

    private void Guard(Func<string, PromiseMessage> failed, Func<IActorRef<PromiseMessage>, Task> work)
    {
        var self = context.Self;
        _ = Run();

        async Task Run()
        {
            try
            {
                await work(self);
            }
            catch (Exception cause)
            {
                self.Tell(failed(cause.Message));
            }
        }
    }
}
