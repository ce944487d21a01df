using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// Keeps a Promise's PromiseRevisions: one for each version that was ever installed, with the spec it had last, the version installed last marked as the
/// latest. One call at a time: what publishes an earlier version must not mark that one when a later one is the latest already.
/// </summary>
internal sealed class RevisionPublisher(World world, string promise)
{
    private readonly Turns _turns = new();

    internal static string NameOf(string promise, string version) => GeneratedName.Of(promise, Md5.Of(version));

    /// <summary>Done: whether the revision was made just now.</summary>
    internal Task<Outcome<bool>> Publish(string uid, string version, JsonObject spec) => _turns.Take(() => PublishNow(uid, version, spec));

    internal Task<Outcome<Nothing>> RemoveAll() => _turns.Take(RemoveAllNow);

    private async Task<Outcome<bool>> PublishNow(string uid, string version, JsonObject spec)
    {
        var name = NameOf(promise, version);
        var wanted = Body(name, uid, version, spec);
        var outcome = await world.Kubernetes.Get(Kinds.PromiseRevision, null, name, CancellationToken.None);
        var isNew = outcome is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound };
        if (isNew)
            outcome = await world.Kubernetes.Create(Kinds.PromiseRevision, null, wanted, CancellationToken.None);
        else if (outcome is Outcome<JsonObject>.Done { Value: var present } && !Holds(present, wanted))
            outcome = await Patch(present, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = Labels() }, ["spec"] = Objects.Replacing(present["spec"] as JsonObject, wanted["spec"]!.AsObject()) }, null);
        if (outcome is not Outcome<JsonObject>.Done { Value: var shown })
            return outcome.Select(_ => false);
        var marked = IsLatest(shown) ? outcome : await Patch(shown, Latest(true), "status");
        if (marked is not Outcome<JsonObject>.Done)
            return marked.Select(_ => false);
        return (await Supersede(name)).Select(_ => isNew);
    }

    /// <summary>Of the earlier ones none is the latest any more.</summary>
    private async Task<Outcome<Nothing>> Supersede(string latest)
    {
        var listed = await List();
        if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var all })
            return listed.Select(_ => default(Nothing));
        foreach (var earlier in all.Where(r => r.Name() != latest && (IsLatest(r) || r.Label(Marks.LatestRevision) is not null)))
        {
            var unlabelled = await Patch(earlier, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.LatestRevision] = null } } }, null);
            var unmarked = unlabelled is Outcome<JsonObject>.Done ? await Patch(earlier, Latest(false), "status") : unlabelled;
            if (unmarked is not (Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }))
                return unmarked.Select(_ => default(Nothing));
        }

        return new Outcome<Nothing>.Done(default);
    }

    private async Task<Outcome<Nothing>> RemoveAllNow()
    {
        var listed = await List();
        if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var all })
            return listed.Select(_ => default(Nothing));
        foreach (var revision in all)
        {
            var deleted = await world.Kubernetes.Delete(Kinds.PromiseRevision, null, revision.Name(), CancellationToken.None);
            if (deleted is not Outcome<Nothing>.Done)
                return deleted;
        }

        return new Outcome<Nothing>.Done(default);
    }

    private Task<Outcome<IReadOnlyList<JsonObject>>> List() => world.Kubernetes.List(Kinds.PromiseRevision, null, $"{Marks.PromiseName}={promise}", CancellationToken.None);

    private Task<Outcome<JsonObject>> Patch(JsonObject revision, JsonObject patch, string? subresource) =>
        world.Kubernetes.Patch(Kinds.PromiseRevision, null, revision.Name(), PatchKind.Merge, patch, subresource, CancellationToken.None);

    private static bool Holds(JsonObject present, JsonObject wanted) => JsonNode.DeepEquals(present["spec"], wanted["spec"]) && present.Label(Marks.LatestRevision) == "true";

    private static bool IsLatest(JsonObject revision) => revision["status"]?["latest"]?.GetValueKind() == System.Text.Json.JsonValueKind.True;

    private static JsonObject Latest(bool latest) => new() { ["status"] = new JsonObject { ["latest"] = latest } };

    private JsonObject Labels() => new() { [Marks.PromiseName] = promise, [Marks.LatestRevision] = "true" };

    private JsonObject Body(string name, string uid, string version, JsonObject spec) => new()
    {
        ["apiVersion"] = Kinds.PromiseRevision.ApiVersion,
        ["kind"] = Kinds.PromiseRevision.Kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["labels"] = Labels(),
            ["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = Kinds.Promise.ApiVersion, ["kind"] = Kinds.Promise.Kind, ["name"] = promise, ["uid"] = uid, ["controller"] = true,
            }),
        },
        ["spec"] = new JsonObject { ["promiseRef"] = new JsonObject { ["name"] = promise }, ["promiseSpec"] = spec.DeepClone(), ["version"] = version },
    };
}
