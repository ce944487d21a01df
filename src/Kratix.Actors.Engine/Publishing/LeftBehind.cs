using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// An owner whose Works and WorkPlacements are not what its state says: the process that published them ended between storing something and showing it. Its owner puts it right when it is
/// told, nobody else, since only it knows what it publishes meanwhile. <paramref name="Keys"/>: what is there and is not wanted; none where something is only missing or shown as it was before.
/// </summary>
internal sealed record LeftBehind(EntityKey Owner, IReadOnlyList<string> Keys)
{
    private const int MostOnTheWay = 1000;

    /// <summary>
    /// Of a complete listing of WorkPlacements. An owner that the journal does not know is left alone: another journal may know it. Where more are missing
    /// than a process can have had on its way, or all, they have not been published so far, and each owner begins with its next run.
    /// </summary>
    internal static async Task<IReadOnlyList<LeftBehind>> Among(IReadOnlyList<JsonObject> placements, IJournal journal, CancellationToken cancellation)
    {
        var shown = placements.Select(p => (Owner: OwnerOf(p), Of: p)).Where(p => p.Owner is not null).ToLookup(p => p.Owner!.Value, p => p.Of);
        var (found, missing) = (new List<LeftBehind>(), new List<LeftBehind>());
        if (shown.Count == 0)
            return found;
        await foreach (var (owner, works) in PlacedWorks.All(journal, cancellation))
        {
            var left = shown[owner].SelectMany(KeysOf).Except(WorkModels.Keys(WorkModels.NamespaceOf(owner.Id), works)).ToList();
            if (left.Count > 0)
                found.Add(new LeftBehind(owner, left));
            else if (missing.Count <= MostOnTheWay && works.Placements.Any(p => !shown[owner].Any(s => Shows(s, p))))
                missing.Add(new LeftBehind(owner, left));
        }

        return missing.Count > MostOnTheWay ? found : [.. found, .. missing];
    }

    /// <summary>By the commit: what has been written since is another one.</summary>
    private static bool Shows(JsonObject shown, Placement placement) => shown.Name() == placement.Name && shown["status"]?["versionID"]?.ToString() == placement.CommitId;

    private static EntityKey? OwnerOf(JsonObject placement) => (placement.Label(Marks.PromiseName), placement.Label(Marks.ResourceName)) switch
    {
        (null, _) => null,
        ({ } promise, null) => new EntityKey(Shapes.Promise, promise),
        ({ } promise, { } name) => new EntityKey(Shapes.Resource, new ResourceId(promise, placement.Namespace()!, name).ToString()),
    };

    private static string[] KeysOf(JsonObject placement)
    {
        var (ns, own) = (placement.Namespace()!, WorkModels.KeyOf(Kinds.WorkPlacement, placement.Namespace()!, placement.Name()));
        return placement.Label(Marks.Work) is { } work ? [WorkModels.KeyOf(Kinds.Work, ns, work), own] : [own];
    }
}
