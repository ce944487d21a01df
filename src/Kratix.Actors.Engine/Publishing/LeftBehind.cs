using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// Works and WorkPlacements that are there in an owner's name and that its state does not know: the process that published them ended between storing that they are
/// not wanted and taking them back. Their owner takes them back, nobody else, since only it knows what it publishes meanwhile.
/// </summary>
internal sealed record LeftBehind(EntityKey Owner, IReadOnlyList<string> Keys)
{
    /// <summary>
    /// Of a complete listing of WorkPlacements. An owner that the journal does not know is left alone: another journal may know it.
    /// </summary>
    internal static async Task<IReadOnlyList<LeftBehind>> Among(IReadOnlyList<JsonObject> placements, IJournal journal, CancellationToken cancellation)
    {
        var shown = placements.Select(p => (Owner: OwnerOf(p), Of: p)).Where(p => p.Owner is not null).ToLookup(p => p.Owner!.Value, p => KeysOf(p.Of));
        var found = new List<LeftBehind>();
        if (shown.Count == 0)
            return found;
        await foreach (var (owner, works) in PlacedWorks.All(journal, cancellation))
        {
            var left = shown[owner].SelectMany(keys => keys).Except(WorkModels.Keys(WorkModels.NamespaceOf(owner.Id), works)).ToList();
            if (left.Count > 0)
                found.Add(new LeftBehind(owner, left));
        }

        return found;
    }

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
