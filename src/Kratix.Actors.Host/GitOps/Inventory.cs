using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Host.GitOps;

/// <summary>
/// What an agent has applied and up to which revision, as a ConfigMap beside the objects: a restarted agent goes on from it, and
/// <c>kubectl get configmap</c> shows it.
/// </summary>
internal sealed class Inventory(IKubernetes kubernetes, string name)
{
    internal string Name => name;

    /// <summary>Empty where nothing was recorded yet.</summary>
    internal async Task<Outcome<IReadOnlyList<AppliedObject>>> Read(CancellationToken cancellation) =>
        await kubernetes.Get(Kinds.ConfigMap, Kinds.SystemNamespace, name, cancellation) switch
        {
            Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } => new Outcome<IReadOnlyList<AppliedObject>>.Done([]),
            var answer => answer.Select<IReadOnlyList<AppliedObject>>(map =>
                [.. (map["data"]?["inventory"]?.ToString() ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(AppliedObject.Parse).OfType<AppliedObject>()]),
        };

    /// <param name="revision">Null keeps the revision that is shown: what it asked for has not been reached yet.</param>
    internal async Task<Outcome<JsonObject>> Write(IEnumerable<AppliedObject> objects, string? revision, DateTimeOffset? at, IReadOnlyList<string> problems, CancellationToken cancellation)
    {
        var data = new JsonObject
        {
            ["inventory"] = string.Concat(objects.Select(o => o.ToString()).Distinct().Order(StringComparer.Ordinal).Select(o => o + "\n")),
            ["problems"] = problems.Count == 0 ? null : string.Join('\n', problems),
        };
        if (revision is not null)
        {
            data["lastAppliedRevision"] = revision;
            data["lastAppliedTime"] = at!.Value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }

        var answer = await kubernetes.Patch(Kinds.ConfigMap, Kinds.SystemNamespace, name, PatchKind.Merge, new JsonObject { ["data"] = data.DeepClone() }, null, cancellation);
        if (answer is not Outcome<JsonObject>.Terminal { Code: Refusal.NotFound })
            return answer;
        var made = await kubernetes.Create(Kinds.Namespace, null, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = Kinds.SystemNamespace } }, cancellation);
        if (made is not (Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists }))
            return made;
        data.Where(entry => entry.Value is null).Select(entry => entry.Key).ToList().ForEach(key => data.Remove(key));
        return await kubernetes.Create(
            Kinds.ConfigMap, Kinds.SystemNamespace,
            new JsonObject
            {
                ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["data"] = data,
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Kinds.SystemNamespace, ["labels"] = new JsonObject { [Marks.ManagedBy] = "kratix-actors-gitops" } },
            },
            cancellation);
    }
}
