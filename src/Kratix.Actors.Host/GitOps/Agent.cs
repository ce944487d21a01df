using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.StateStores;

namespace Kratix.Actors.Host.GitOps;

/// <summary>One look at the state store and what came of it. <paramref name="Problems"/> empty: everything the revision asks for is there, and nothing else of ours.</summary>
internal sealed record Pass(string? Revision, int Applied, IReadOnlyList<AppliedObject> Pruned, IReadOnlyList<string> Problems);

/// <summary>
/// Applies what a Destination's path holds: <c>dependencies</c> first, and when all of them are taken, <c>resources</c>. What it applied before and
/// is gone from the store is deleted. While anything cannot be read or applied nothing is deleted, so that a typing error takes nothing away.
/// A revision that was applied whole is applied again after <see cref="Repair"/>, against what somebody changed by hand.
/// </summary>
internal sealed class Agent(DestinationSource source, KubernetesClient cluster, Inventory inventory, TimeProvider time)
{
    private static readonly TimeSpan Repair = TimeSpan.FromMinutes(10);

    private readonly KindDiscovery _kinds = new(cluster);
    private (Pass Pass, DateTimeOffset At)? _whole;

    internal async Task<Outcome<Pass>> Run(CancellationToken cancellation)
    {
        var read = await source.Read(Manifests.IsManifest, cancellation);
        if (read is not Outcome<SourceSnapshot>.Done { Value: var snapshot })
            return read.Select(_ => default(Pass)!);
        if (_whole is var (pass, at) && pass.Revision == snapshot.Revision && time.GetUtcNow() < at + Repair)
            return new Outcome<Pass>.Done(pass);
        var listed = await inventory.Read(cancellation);
        if (listed is not Outcome<IReadOnlyList<AppliedObject>>.Done { Value: var before })
            return listed.Select(_ => default(Pass)!);

        var (applied, problems) = (new List<AppliedObject>(), new List<string>());
        foreach (var folder in (string[])["dependencies", "resources"])
        {
            var prefix = FileLayout.Join(source.Path, folder) + "/";
            var manifests = Manifests.Read(snapshot.Files.Where(f => f.Path.StartsWith(prefix, StringComparison.Ordinal)));
            problems.AddRange(manifests.Problems);
            foreach (var wanted in manifests.Objects)
                await Apply(wanted, applied, problems, cancellation);
            if (problems.Count > 0)
                break;
        }

        List<AppliedObject> pruned = problems.Count > 0 ? [] : await Prune([.. before.Except(applied)], problems, cancellation);
        var complete = problems.Count == 0;
        var kept = complete ? applied : before.Except(pruned).Concat(applied);
        var recorded = await inventory.Write(kept, complete ? snapshot.Revision ?? "none" : null, complete ? time.GetUtcNow() : null, problems, cancellation);
        if (recorded is not Outcome<JsonObject>.Done)
            return recorded.Select(_ => default(Pass)!);
        var done = new Pass(snapshot.Revision, applied.Count, pruned, problems);
        _whole = complete ? (done, time.GetUtcNow()) : null;
        return new Outcome<Pass>.Done(done);
    }

    private async Task Apply(WantedObject wanted, List<AppliedObject> applied, List<string> problems, CancellationToken cancellation)
    {
        var found = await _kinds.Find(wanted.ApiVersion, wanted.Kind, cancellation);
        if (found is not Outcome<ResourceType>.Done { Value: var type })
        {
            problems.Add($"{wanted.File}: {wanted.Kind} {wanted.Name}: {found.Failure}");
            return;
        }

        var ns = type.Namespaced ? wanted.Namespace ?? "default" : null;
        var answer = await cluster.Patch(type, ns, wanted.Name, PatchKind.Apply, wanted.Body, null, cancellation);
        if (answer.Failure is { } failure)
            problems.Add($"{wanted.File}: {wanted.Kind} {wanted.Name}: {failure}");
        else
            applied.Add(new AppliedObject(wanted.ApiVersion, wanted.Kind, ns, wanted.Name));
    }

    /// <summary>Requests before what defines their kind, which is the opposite of the order of applying.</summary>
    private async Task<List<AppliedObject>> Prune(IReadOnlyList<AppliedObject> gone, List<string> problems, CancellationToken cancellation)
    {
        var pruned = new List<AppliedObject>();
        foreach (var left in gone.OrderByDescending(o => new WantedObject("", new JsonObject { ["kind"] = o.Kind }).Rank))
        {
            switch (await _kinds.Find(left.ApiVersion, left.Kind, cancellation))
            {
                case Outcome<ResourceType>.Done { Value: var type } when await cluster.Delete(type, left.Namespace, left.Name, cancellation) is { Failure: { } failure }:
                    problems.Add($"{left} is gone from the state store and cannot be deleted: {failure}");
                    break;
                // Where the kind is gone, so are its objects.
                case Outcome<ResourceType>.Done or Outcome<ResourceType>.Terminal { Code: Refusal.NotFound }:
                    pruned.Add(left);
                    break;
                case var failed:
                    problems.Add($"{left} is gone from the state store and cannot be deleted: {failed.Failure}");
                    break;
            }
        }

        return pruned;
    }
}
