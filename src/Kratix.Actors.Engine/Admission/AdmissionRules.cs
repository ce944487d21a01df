using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Admission;

/// <summary>
/// Looks at a write before it happens, so that a mistake is told to whoever makes it. In standalone mode the API server asks here directly, on a
/// cluster through a webhook. The engine does not rely on it: what passes by it is refused again, in the object's status.
/// </summary>
public sealed class AdmissionRules(IKubernetes kubernetes, IDryRuns dryRuns, EngineSettings settings)
{
    /// <summary>Fills in what the author left out; true when the object was changed.</summary>
    public static bool FillIn(AdmissionQuestion question) => question is { Kind: "Destination", Object: { } destination } && StoreRules.FillIn(destination);

    public async Task<AdmissionVerdict> Review(AdmissionQuestion question, CancellationToken cancellation)
    {
        if (question is { Operation: "DELETE", Kind: "PromiseRevision", Before: { } revision })
            return Plain(await LatestProblem(revision, cancellation));
        // Nobody is held up in taking anything else away; the writes that release it come from the engine.
        if (question.Object is not { } item || item.IsDeleting())
            return AdmissionVerdict.Pass;
        return question.Kind switch
        {
            "Promise" => await Promise(item, question.Before, cancellation),
            "Destination" => await Destination(item, question.Before, cancellation),
            "BucketStateStore" => Plain(StoreRules.BucketProblem(item)),
            "PromiseRelease" => Plain(StoreRules.ReleaseProblem(item)),
            "PromiseRevision" => Plain(PromiseRules.IntervalProblem(item, question.Before)),
            _ => AdmissionVerdict.Pass,
        };
    }

    private async Task<AdmissionVerdict> Promise(JsonObject promise, JsonObject? before, CancellationToken cancellation)
    {
        // Labels and finalizers may be written whatever is wrong with the rest.
        if (before is not null && JsonNode.DeepEquals(promise["spec"], before["spec"]))
            return Plain(PromiseRules.IntervalProblem(promise, before));
        if (PromiseRules.Problem(promise, before, settings) is { } problem)
            return AdmissionVerdict.Refuse(problem);
        if ((await ApiProblem(promise, before, cancellation) ?? await NamespaceProblem(promise, cancellation)) is { } refused)
            return AdmissionVerdict.Refuse(refused);
        return new AdmissionVerdict(null, await Missing(promise, cancellation));
    }

    /// <summary>What the API server would say to the CustomResourceDefinition that is going to be installed.</summary>
    private async Task<string?> ApiProblem(JsonObject promise, JsonObject? before, CancellationToken cancellation)
    {
        if (promise["spec"]?["api"] is not JsonObject { Count: > 0 } api)
            return null;
        var crd = ApiPreparation.Prepare(api, promise.Name());
        var outcome = await dryRuns.Apply(Kinds.Crd, null, crd.Name(), crd, cancellation);
        var what = before?["spec"]?["api"] is JsonObject { Count: > 0 } ? "invalid CRD changes" : "invalid CRD";
        return outcome.Failure is { } why ? $"{what}: {why}" : null;
    }

    private async Task<string?> NamespaceProblem(JsonObject promise, CancellationToken cancellation)
    {
        if (promise["spec"]?["workflows"]?["config"]?["pipelineNamespace"]?.ToString() is not { Length: > 0 } ns)
            return null;
        return await kubernetes.Get(Kinds.Namespace, null, ns, cancellation) is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? $"spec.workflows.config.pipelineNamespace is \"{ns}\", and there is no such namespace; create it first"
            : null;
    }

    private async Task<ImmutableArray<string>> Missing(JsonObject promise, CancellationToken cancellation)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        foreach (var required in (promise["spec"]?["requiredPromises"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var (name, version) = (required["name"]?.ToString() ?? "", required["version"]?.ToString() ?? "");
            var found = await kubernetes.Get(Kinds.Promise, null, name, cancellation);
            if (found is not Outcome<JsonObject>.Done)
                warnings.Add(version.Length > 0 ? $"Required Promise \"{name}\" at version \"{version}\" not installed" : $"Required Promise \"{name}\" not installed");
            else if (version.Length > 0 && await kubernetes.Get(Kinds.PromiseRevision, null, RevisionPublisher.NameOf(name, version), cancellation) is not Outcome<JsonObject>.Done)
                warnings.Add($"Required Promise \"{name}\" installed, but no revision found at version \"{version}\"");
        }

        if (warnings.Count > 0)
            warnings.Add("Promise will not be available until the above issue(s) is resolved");
        return warnings.ToImmutable();
    }

    private async Task<AdmissionVerdict> Destination(JsonObject destination, JsonObject? before, CancellationToken cancellation)
    {
        if (StoreRules.AnnotationProblem(destination, before) is { } annotation)
            return AdmissionVerdict.Refuse(annotation);
        if (before is not null && JsonNode.DeepEquals(destination["spec"], before["spec"]))
            return AdmissionVerdict.Pass;
        var others = await kubernetes.List(Kinds.Destination, null, null, cancellation);
        if (others is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var all })
            return AdmissionVerdict.Refuse($"whether its path is free could not be asked: {others.Failure}");
        if (StoreRules.DestinationProblem(destination, all) is { } problem)
            return AdmissionVerdict.Refuse(problem);
        var store = destination["spec"]!["stateStoreRef"]!;
        var (kind, name) = (store["kind"]?.ToString() ?? "", store["name"]?.ToString() ?? "");
        var type = kind == Kinds.BucketStateStore.Kind ? Kinds.BucketStateStore : Kinds.GitStateStore;
        var found = await kubernetes.Get(type, null, name, cancellation);
        return found is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? new AdmissionVerdict(null, [$"{kind} \"{name}\" does not exist; the Destination becomes ready when it does"])
            : AdmissionVerdict.Pass;
    }

    /// <summary>What requests run with goes with the Promise, and not before it.</summary>
    private async Task<string?> LatestProblem(JsonObject revision, CancellationToken cancellation)
    {
        if (revision["status"]?["latest"]?.GetValueKind() is not System.Text.Json.JsonValueKind.True)
            return null;
        var promise = await kubernetes.Get(Kinds.Promise, null, revision["spec"]?["promiseRef"]?["name"]?.ToString() ?? "", cancellation);
        return promise is Outcome<JsonObject>.Done { Value: var present } && !present.IsDeleting() ? "can not delete the latest PromiseRevision" : null;
    }

    private static AdmissionVerdict Plain(string? problem) => problem is null ? AdmissionVerdict.Pass : AdmissionVerdict.Refuse(problem);
}
