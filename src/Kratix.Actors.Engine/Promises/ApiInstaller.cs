using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// Puts a Promise's CustomResourceDefinition in place, with the engine's own rights on it, and takes them away again, one call at a time in the order asked: an installation that is still
/// waiting to be established must not put back what a removal has just taken away.
/// </summary>
internal sealed class ApiInstaller(World world, string promise, AccountName? account)
{
    private static readonly TimeSpan EstablishedPoll = TimeSpan.FromMilliseconds(200);
    private const int EstablishedPolls = 150;

    private readonly Turns _turns = new();
    private readonly ApiRights _rights = new(world, promise, account);

    /// <summary>Done when established. Terminal: the API server does not take it, or it is another Promise's.</summary>
    internal Task<Outcome<Nothing>> Install(JsonObject crd, string name) => _turns.Take(() => InstallNow(crd, name));

    /// <summary>Done when gone, and when it is not this Promise's to take away; Transient while the API server is still deleting it.</summary>
    internal Task<Outcome<Nothing>> Remove(string name) => _turns.Take(() => RemoveNow(name));

    private async Task<Outcome<Nothing>> InstallNow(JsonObject crd, string name)
    {
        var outcome = await world.Kubernetes.Create(Kinds.Crd, null, crd, CancellationToken.None);
        if (outcome is Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists })
            outcome = await Update(crd, name);
        if (outcome is not Outcome<JsonObject>.Done done)
            return outcome.Select(_ => default(Nothing));
        var shown = done.Value;
        for (var i = 0; i < EstablishedPolls; i++)
        {
            if (shown.Condition("Established")?["status"]?.ToString() == "True")
                return await Granted(shown, name);
            if (shown.Condition("NamesAccepted") is { } names && names["status"]?.ToString() == "False")
                return new Outcome<Nothing>.Terminal(Refusal.Conflict, names["message"]?.ToString() ?? "its names are taken");
            await Task.Delay(EstablishedPoll, world.Time, CancellationToken.None);
            if (await world.Kubernetes.Get(Kinds.Crd, null, name, CancellationToken.None) is not Outcome<JsonObject>.Done again)
                return new Outcome<Nothing>.Transient($"the CustomResourceDefinition {name} could not be read back");
            shown = again.Value;
        }

        return new Outcome<Nothing>.Transient($"the CustomResourceDefinition {name} is not established yet");
    }

    /// <summary>What the API server says against the rights says nothing of the CustomResourceDefinition, and may be put right at any time.</summary>
    private async Task<Outcome<Nothing>> Granted(JsonObject crd, string name) =>
        await _rights.Grant(crd["spec"]!["group"]!.ToString(), crd["spec"]!["names"]!["plural"]!.ToString()) is { Failure: { } failure }
            ? new Outcome<Nothing>.Transient($"the engine could not give itself rights on {name}: {failure}")
            : new Outcome<Nothing>.Done(default);

    /// <summary>Names and scope stay what they are; labels are added to.</summary>
    private async Task<Outcome<JsonObject>> Update(JsonObject crd, string name)
    {
        var present = await world.Kubernetes.Get(Kinds.Crd, null, name, CancellationToken.None);
        if (present is not Outcome<JsonObject>.Done { Value: var shown })
            return present is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } ? new Outcome<JsonObject>.Transient($"the CustomResourceDefinition {name} has just gone") : present;
        if (shown.IsDeleting())
            return new Outcome<JsonObject>.Transient($"the CustomResourceDefinition {name} is being deleted");
        if (shown.Label(Marks.PromiseName) is { } owner && owner != promise)
            return new Outcome<JsonObject>.Terminal(Refusal.Conflict, $"the CustomResourceDefinition {name} belongs to Promise {owner}; publish the API under other names");
        var spec = new JsonObject { ["versions"] = crd["spec"]!["versions"]!.DeepClone() };
        foreach (var field in new[] { "conversion", "preserveUnknownFields" })
        {
            if (crd["spec"]![field] is { } value)
                spec[field] = value.DeepClone();
        }

        var patch = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = crd["metadata"]!["labels"]!.DeepClone() }, ["spec"] = spec };
        return await world.Kubernetes.Patch(Kinds.Crd, null, name, PatchKind.Merge, patch, null, CancellationToken.None);
    }

    private async Task<Outcome<Nothing>> RemoveNow(string name)
    {
        var present = await world.Kubernetes.Get(Kinds.Crd, null, name, CancellationToken.None);
        if (present is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
            return await _rights.Withdraw();
        if (present is not Outcome<JsonObject>.Done { Value: var shown })
            return present.Select(_ => default(Nothing));
        if (shown.Label(Marks.PromiseName) != promise)
            return await _rights.Withdraw();
        if (!shown.IsDeleting() && await world.Kubernetes.Delete(Kinds.Crd, null, name, CancellationToken.None) is { Failure: not null } refused)
            return refused;
        var after = await world.Kubernetes.Get(Kinds.Crd, null, name, CancellationToken.None);
        return after is Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }
            ? await _rights.Withdraw()
            : new Outcome<Nothing>.Transient($"the CustomResourceDefinition {name} is being deleted");
    }
}
