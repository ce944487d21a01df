using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// Makes what Pipelines run as: ServiceAccounts, and the roles bound to them. An object that is there already is left as it is: the name of what a
/// Promise asks for follows from its contents, and what somebody else made under our name is theirs.
/// </summary>
public sealed class PipelineAccounts(IKubernetes kubernetes)
{
    private static readonly ResourceType[] Granted = [Kinds.ClusterRoleBinding, Kinds.RoleBinding, Kinds.ClusterRole, Kinds.Role];
    private static readonly ResourceType[] OfPromises = [.. Granted, Kinds.ServiceAccount, Kinds.ConfigMap];
    private readonly ConcurrentDictionary<string, bool> _made = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _cleaned = new(StringComparer.Ordinal);

    /// <summary>
    /// What Pipelines without an <c>rbac</c> section run as. Operators bind roles to it by name, so it has one name for all Pipelines of the Promise, and the
    /// one in <c>default</c> is there from the moment the Promise is installed.
    /// </summary>
    public static string NameFor(string promise) => $"{promise}-default-promise-pipeline";

    /// <summary>Makes the account that operators bind roles to.</summary>
    internal Task<Outcome<Nothing>> EnsureDefault(string promise, string ns, CancellationToken cancellation) => Make(
        new RightsObject(Kinds.ServiceAccount, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ServiceAccount",
            ["metadata"] = new JsonObject { ["name"] = NameFor(promise), ["namespace"] = ns, ["labels"] = new JsonObject { [Marks.PromiseName] = promise } },
        }), cancellation);

    /// <summary>Makes everything the run needs, once, and takes away what an earlier <c>rbac</c> section of the Pipeline asked for.</summary>
    internal async Task<Outcome<Nothing>> Ensure(RunRequest request, CancellationToken cancellation)
    {
        var rights = PipelineRights.Of(request);
        foreach (var wanted in rights.Objects)
        {
            if (await Make(wanted, cancellation) is var made and not Outcome<Nothing>.Done)
                return made;
        }

        var id = PipelineRights.IdOf(request);
        if (_cleaned.TryGetValue(id, out var cleaned) && cleaned == rights.Digest)
            return new Outcome<Nothing>.Done(default);
        var labels = RunPlanner.OwnLabels(request).Remove(Marks.ResourceName).Remove(Marks.ResourceNamespace);
        var removed = await Remove(Granted, $"{Selector(labels)},{PipelineRights.DigestLabel},{PipelineRights.DigestLabel}!={rights.Digest}", cancellation);
        if (removed is Outcome<Nothing>.Done)
            _cleaned[id] = rights.Digest;
        return removed;
    }

    /// <summary>Perhaps somebody deleted some of it since: the next attempt makes sure of it again.</summary>
    internal void Forget(RunRequest request)
    {
        foreach (var wanted in PipelineRights.Of(request).Objects)
            _made.TryRemove(KeyOf(wanted), out _);
    }

    /// <summary>Takes away everything that was made for the Promise's Pipelines, wherever it is.</summary>
    internal async Task<Outcome<Nothing>> RemoveAll(string promise, CancellationToken cancellation)
    {
        var removed = await Remove(OfPromises, $"{Marks.PromiseName}={promise}", cancellation);
        _made.Clear();
        _cleaned.Clear();
        return removed;
    }

    private async Task<Outcome<Nothing>> Make(RightsObject wanted, CancellationToken cancellation)
    {
        var key = KeyOf(wanted);
        if (_made.ContainsKey(key))
            return new Outcome<Nothing>.Done(default);
        var outcome = await kubernetes.Create(wanted.Type, wanted.Body.Namespace(), wanted.Body, cancellation);
        if (outcome is not (Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists }))
            return outcome.Select(_ => default(Nothing));
        _made[key] = true;
        return new Outcome<Nothing>.Done(default);
    }

    private async Task<Outcome<Nothing>> Remove(IEnumerable<ResourceType> types, string selector, CancellationToken cancellation)
    {
        foreach (var type in types)
        {
            var listed = await kubernetes.List(type, null, selector, cancellation);
            if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var items })
            {
                // A server without that kind has nothing of it.
                if (listed is Outcome<IReadOnlyList<JsonObject>>.Terminal { Code: Refusal.NotFound })
                    continue;
                return listed.Select(_ => default(Nothing));
            }

            foreach (var item in items)
            {
                var deleted = await kubernetes.Delete(type, item.Namespace(), item.Name(), cancellation);
                if (deleted is not Outcome<Nothing>.Done)
                    return deleted;
            }
        }

        return new Outcome<Nothing>.Done(default);
    }

    private static string Selector(IEnumerable<KeyValuePair<string, string>> labels) => string.Join(',', labels.Select(l => $"{l.Key}={l.Value}"));

    private static string KeyOf(RightsObject wanted) => $"{wanted.Type.Plural}/{wanted.Body.Namespace()}/{wanted.Body.Name()}";
}
