using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>One switch from a Promise's effect to a port call or a child; every answer comes back as a message.</summary>
internal sealed class PromiseEffects(EngineServices services, IActorContext<PromiseMessage> context, Func<PromiseState> state, Func<JsonObject?> seen)
    : AggregateEffects<PromiseMessage, PromiseCommand, PromiseEffect>(services, context)
{
    private readonly ApiInstaller _api = new(services.World, state().Name, services.Settings.ServiceAccount);
    private readonly RevisionPublisher _revisions = new(services.World, state().Name);

    internal override void Issue(PromiseEffect effect)
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
                AwaitDestinations();
                break;
            case PromiseEffect.WritePlacement { Write: var write }:
                Write(state().Name, state().Works, write, effect);
                break;
            case PromiseEffect.StopRun stop:
                Stop(stop.RunId);
                break;
            case PromiseEffect.Relabel relabel:
                Relabel(relabel, relabel.Change, relabel.Uid, seen(), () => Task.FromResult((Kinds.Promise, (string?)null, state().Name)));
                break;
            case PromiseEffect.RemoveRequests remove:
                RemoveRequests(remove);
                break;
            case PromiseEffect.RemoveApi remove:
                RemoveApi(remove);
                break;
            case PromiseEffect.CleanUp clean:
                CleanUp(clean);
                break;
            case PromiseEffect.PublishRevision revision:
                PublishRevision(revision);
                break;
            case PromiseEffect.TakeFinalizersOff off:
                TakeOff(off, Kinds.Promise, null, state().Name, off.Uid, PromiseFinalizers.Before(off.Before));
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

    internal override void LetGo(PromiseEffect effect)
    {
        switch (effect)
        {
            case PromiseEffect.RunPipeline run:
                LetGoRun(run.RunId);
                break;
            case PromiseEffect.AwaitDestinations:
                AwaitNoDestinations();
                break;
            default:
                break;
        }
    }

    internal void LookAtSelf() => Guard(
        new PromiseMessage.LookAtSelf(),
        async () =>
        {
            var outcome = await World.Kubernetes.Get(Kinds.Promise, null, state().Name, CancellationToken.None);
            if (outcome is Outcome<JsonObject>.Done done)
                Self.Tell(new PromiseMessage.Observed(done.Value));
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
                Self.Tell(new PromiseMessage.AskLater(new PromiseMessage.LookAtSelf(), outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
        });

    internal void LookAt(ResourceType type, PromiseMessage.LookAt look, SeenSince since) => Ask(
        look, since, async () => await World.Kubernetes.Get(type, look.Namespace, look.Name, CancellationToken.None) switch
        {
            Outcome<JsonObject>.Done done => new PromiseMessage.Requests(new WatchSignal.Changed(done.Value)),
            Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } => null,
            var failed => new PromiseMessage.AskLater(look, failed.Failure!, (failed as Outcome<JsonObject>.Transient)?.After),
        });

    internal void Relist(ResourceType type, SeenSince since) => Ask(
        new PromiseMessage.Relist(), since, async () => await World.Kubernetes.List(type, null, null, CancellationToken.None) switch
        {
            Outcome<IReadOnlyList<JsonObject>>.Done done => new PromiseMessage.Requests(new WatchSignal.Listed(done.Value)),
            var failed => new PromiseMessage.AskLater(new PromiseMessage.Relist(), failed.Failure!, (failed as Outcome<IReadOnlyList<JsonObject>>.Transient)?.After),
        });

    internal void TakeOwnership(JsonObject item, IReadOnlyList<string> finalizers) => Guard(
        new PromiseMessage.LookAtSelf(),
        async () =>
        {
            var outcome = await World.Kubernetes.Patch(
                Kinds.Promise, null, item.Name(), PatchKind.Merge, Ownership.Take(item, finalizers, PromiseFinalizers.All, null), null, CancellationToken.None);
            if (outcome is Outcome<JsonObject>.Done done)
                Self.Tell(new PromiseMessage.Observed(done.Value));
            else if (outcome is not Outcome<JsonObject>.Terminal { Code: Refusal.Conflict or Refusal.NotFound })
                Self.Tell(new PromiseMessage.AskLater(new PromiseMessage.LookAtSelf(), outcome.Failure!, (outcome as Outcome<JsonObject>.Transient)?.After));
        });

    /// <summary>Keeps the spec and the dependencies file by their digests before anything is decided by them.</summary>
    internal void Store(JsonObject item, PromiseReading reading) => Guard(
        new PromiseMessage.LookAtSelf(),
        async () =>
        {
            await Services.Revisions.Put(item["spec"]!.AsObject());
            if (reading.DependenciesFile is { } file)
                await World.Content.Put(file, CancellationToken.None);
            // The identity that operators bind roles to is there before the first request. What is being deleted has had its identity taken away, perhaps.
            if (!item.IsDeleting() && (await Services.Runs.Accounts.EnsureDefault(item.Name(), "default", CancellationToken.None)).Failure is { } failure)
                throw new InvalidOperationException($"the ServiceAccount of its Pipelines could not be made: {failure}");
            Self.Tell(new PromiseMessage.Stored(item, reading.Definition));
        });

    internal override PromiseMessage Own(AggregateMessage<PromiseCommand, PromiseEffect> message) => new PromiseMessage.Own(message);

    internal override void StartRun(PromiseEffect effect, PlannedPipeline pipeline)
    {
        var (run, now) = ((PromiseEffect.RunPipeline)effect, state());
        var subject = new RunSubject(now.Name, "Promise", Kinds.Group, "v1alpha1", "promises", null, now.Name, now.Object!.Uid);
        var item = seen()?.DeepClone().AsObject() ?? [];
        item["status"] = PromiseStatus.Of(now);
        var request = new RunRequest(run.RunId, run.Action, pipeline.Document, subject, run.Attempt)
        {
            PipelineNamespace = pipeline.Namespace,
            IsFirst = now.Workflow.Run == 1 && run.Attempt == 1,
            Retries = now.Workflow.RetriesLeft(now.Definition!.Revision.Retry),
            TraceParent = EngineTraces.ParentOf(seen(), now.Object.Generation),
        };
        Spawn(request, item, run.Cause);
    }

    protected override void Saw(JsonObject item) => Self.Tell(new PromiseMessage.Observed(item));

    protected override PromiseCommand Offered(ImmutableArray<Destination> destinations, DateTimeOffset at) => new PromiseCommand.OfferDestinations(destinations, at);

    protected override PromiseCommand Written(PlacementWrite write, WriteAnswer.Written answer, DateTimeOffset at) =>
        new PromiseCommand.ReportWritten(write.Placement, write.Stamp, answer.CommitId, answer.Changed, at);

    protected override PromiseCommand WriteFailed(PlacementWrite write, WriteAnswer.Failed answer, DateTimeOffset at) =>
        new PromiseCommand.ReportWriteFailed(write.Placement, write.Stamp, answer.Reason, at) { StoreIsGone = answer.StoreIsGone };

    private void LoadRun(PromiseEffect.RunPipeline effect) => Guard(
        effect,
        async () => Tell(new AggregateMessage<PromiseCommand, PromiseEffect>.RunReady(
            effect, (await Services.Revisions.Get(effect.RevisionDigest)).Pipeline("promise", effect.Action, effect.Pipeline))));

    private void InstallApi(PromiseEffect.InstallApi effect)
    {
        var definition = state().Definition!;
        Guard(
            effect,
            async () =>
            {
                var spec = (await Services.Revisions.Get(definition.Revision.Digest)).Spec;
                var crd = ApiPreparation.Prepare(spec["api"]!.AsObject(), definition.Revision.Promise);
                var outcome = await _api.Install(crd, definition.Api!.CrdName);
                if (outcome is Outcome<Nothing>.Done)
                    Tell(at => new PromiseCommand.ReportApiInstalled(effect.Stamp, at), "the API is established");
                else if (outcome is Outcome<Nothing>.Terminal refused)
                    Tell(at => new PromiseCommand.ReportApiRefused(effect.Stamp, $"invalid CRD: {refused.Reason}", at), "the API server refused the CRD");
                else
                    Failed(effect, outcome.Failure!);
            });
    }

    private void RemoveRequests(PromiseEffect.RemoveRequests effect)
    {
        var api = state().Definition?.Api;
        Guard(
            effect,
            async () =>
            {
                IReadOnlyList<JsonObject> left = [];
                if (api is not null)
                {
                    var listed = await World.Kubernetes.List(api.ResourceType(), null, null, CancellationToken.None);
                    if (listed is Outcome<IReadOnlyList<JsonObject>>.Done done)
                        left = done.Value;
                    else if (listed is not Outcome<IReadOnlyList<JsonObject>>.Terminal { Code: Refusal.NotFound })
                        throw new InvalidOperationException($"its requests could not be listed: {listed.Failure}");
                }

                foreach (var request in left.Where(r => !r.IsDeleting()))
                {
                    if ((await World.Kubernetes.Delete(api!.ResourceType(), request.Namespace(), request.Name(), CancellationToken.None)).Failure is { } failure)
                        throw new InvalidOperationException($"{request.Namespace()}/{request.Name()} could not be deleted: {failure}");
                }

                if (left.Count == 0)
                    Tell(at => new PromiseCommand.ReportRequestsRemoved(effect.Uid, at), "no request is left");
                else
                    Failed(effect, $"{left.Count} requests are being deleted");
            });
    }

    private void CleanUp(PromiseEffect.CleanUp effect)
    {
        var name = state().Name;
        Guard(
            effect,
            async () =>
            {
                var outcome = effect.Step switch
                {
                    CleanupStep.Runs => await Services.Runs.Janitor.RemoveAll(null, $"{Marks.PromiseName}={name},{Marks.WorkflowType}=promise"),
                    CleanupStep.Revisions => await _revisions.RemoveAll(),
                    // The last run has ended, so nothing of what was made for its Pipelines is in use.
                    CleanupStep.Rights => await Services.Runs.Accounts.RemoveAll(name, CancellationToken.None),
                    _ => throw new InvalidOperationException($"unknown step {effect.Step}"),
                };
                if (outcome.Failure is { } failure)
                    Failed(effect, failure, (outcome as Outcome<Nothing>.Transient)?.After);
                else
                    Tell(at => new PromiseCommand.ReportCleanedUp(effect.Uid, effect.Step, at), $"{effect.Step} are gone");
            });
    }

    private void PublishRevision(PromiseEffect.PublishRevision effect)
    {
        Guard(
            effect,
            async () =>
            {
                var outcome = await _revisions.Publish(effect.Uid, effect.Version, (await Services.Revisions.Get(effect.SpecDigest)).Spec);
                if (outcome.Failure is { } failure)
                    Failed(effect, failure, (outcome as Outcome<bool>.Transient)?.After);
                else if (outcome is Outcome<bool>.Done { Value: true })
                    Self.Tell(new PromiseMessage.RevisionMade(effect.Version));
            });
    }

    private void RemoveApi(PromiseEffect.RemoveApi effect)
    {
        var name = state().Definition!.Api!.CrdName;
        Guard(
            effect,
            async () =>
            {
                var outcome = await _api.Remove(name);
                if (outcome.Failure is { } failure)
                    Failed(effect, failure);
                else
                    Tell(at => new PromiseCommand.ReportApiRemoved(effect.Uid, at), "the API is gone");
            });
    }

    private void Release(PromiseEffect.ReleaseFinalizers effect)
    {
        var name = state().Name;
        Guard(
            effect,
            async () =>
            {
                var outcome = await Ownership.TakeOff(World.Kubernetes, Kinds.Promise, null, name, effect.Uid, PromiseFinalizers.All);
                if (outcome.Failure is { } failure)
                    Failed(effect, failure, (outcome as Outcome<Nothing>.Transient)?.After);
                else
                    Tell(at => new PromiseCommand.ReportReleased(effect.Uid, at), "finalizers are off");
            });
    }

    /// <summary>A question whose answer a watch may overtake.</summary>
    private void Ask(PromiseMessage question, SeenSince since, Func<Task<PromiseMessage?>> ask)
    {
        since.Begin();
        Guard(
            reason => new PromiseMessage.Answered(since, new PromiseMessage.AskLater(question, reason, null)),
            async () => Self.Tell(new PromiseMessage.Answered(since, await ask())));
    }

    /// <summary>A question to the API server; whatever it throws, the question is asked again.</summary>
    private void Guard(PromiseMessage question, Func<Task> work) => Guard(reason => new PromiseMessage.AskLater(question, reason, null), work);
}
