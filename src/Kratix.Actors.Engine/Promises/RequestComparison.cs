using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Promises;

/// <summary>Which requests of a listing have something to tell.</summary>
internal static class RequestComparison
{
    internal static async Task<IReadOnlyList<JsonObject>> Differing(
        IJournal journal, string promise, PromiseDefinition definition, bool serves, IReadOnlyList<JsonObject> items)
    {
        var known = new Dictionary<string, EntityIndex>(StringComparer.Ordinal);
        await foreach (var row in journal.Summaries(Shapes.Resource, promise + "/", CancellationToken.None))
            known[row.Id] = row.Index;
        return [.. items.Where(item => !(known.TryGetValue($"{promise}/{item.Namespace()}/{item.Name()}", out var index) && AtRest(index, definition, serves, item)))];
    }

    private static bool AtRest(EntityIndex index, PromiseDefinition definition, bool serves, JsonObject item)
    {
        var observed = new ResourceObservation(item.Uid(), item.Generation(), item.SpecDigest(), item.IsDeleting(), "", ControlLabels.Of(item));
        return index.Phase is nameof(ResourcePhase.Settled) or nameof(ResourcePhase.Failed)
            && Ownership.Has(item, Marks.ResourceFinalizers)
            && index.SpecDigest == Shapes.DigestOf(observed, definition.Revision, serves)
            && index.StatusDigest == Canonical.DigestOf(item["status"]);
    }
}
