using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// What the engine itself may do with a Promise's API, as a ClusterRole <c>PROMISE-promise-controller</c> that is bound to its own account: nobody can give it rights on an API before
/// there is a Promise of it. Without an account (<see cref="EngineSettings.ServiceAccount"/>) it has its rights from elsewhere, and there is nothing to do.
/// </summary>
internal sealed class ApiRights(World world, string promise, AccountName? account)
{
    private const string Group = "rbac.authorization.k8s.io";
    private readonly string _name = $"{promise}-promise-controller";

    /// <summary>Makes both, or makes them right.</summary>
    internal async Task<Outcome<Nothing>> Grant(string group, string plural)
    {
        if (account is null)
            return new Outcome<Nothing>.Done(default);
        var role = Body("ClusterRole");
        role["rules"] = new JsonArray(
            Rule(group, ["get", "list", "watch", "patch", "delete"], plural),
            Rule(group, ["patch"], $"{plural}/status"));
        var binding = Body("ClusterRoleBinding");
        binding["roleRef"] = new JsonObject { ["apiGroup"] = Group, ["kind"] = "ClusterRole", ["name"] = _name };
        binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account.Name, ["namespace"] = account.Namespace });
        return await Apply(Kinds.ClusterRole, role) is { Failure: not null } refused ? refused : await Apply(Kinds.ClusterRoleBinding, binding);
    }

    /// <summary>Takes them away. The API has to be gone: before that, they are what its last objects are let go with.</summary>
    internal async Task<Outcome<Nothing>> Withdraw()
    {
        if (account is null)
            return new Outcome<Nothing>.Done(default);
        return await Delete(Kinds.ClusterRoleBinding) is { Failure: not null } refused ? refused : await Delete(Kinds.ClusterRole);
    }

    private async Task<Outcome<Nothing>> Apply(ResourceType type, JsonObject body) =>
        (await world.Kubernetes.Patch(type, null, _name, PatchKind.Apply, body, null, CancellationToken.None)).Select(_ => default(Nothing));

    private Task<Outcome<Nothing>> Delete(ResourceType type) => world.Kubernetes.Delete(type, null, _name, CancellationToken.None);

    // Not labelled with the Promise: what is, is its Pipelines', and goes before its files and its API do.
    private JsonObject Body(string kind) => new()
    {
        ["apiVersion"] = $"{Group}/v1", ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = _name, ["labels"] = new JsonObject { [Marks.ManagedBy] = "Kratix" } },
    };

    private static JsonObject Rule(string group, IEnumerable<string> verbs, string resource) => new()
    {
        ["apiGroups"] = new JsonArray(group), ["resources"] = new JsonArray(resource), ["verbs"] = Objects.Texts(verbs),
    };
}
