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
    /// <summary>
    /// Those that the journal does not already have at rest like this. <paramref name="unknown"/> is told of those that it does not know at all, as soon as that is
    /// clear: somebody waits for them, and what a start compares of all others takes seconds where there are tens of thousands.
    /// </summary>
    internal static async Task<IReadOnlyList<JsonObject>> Differing(
        IJournal journal, string promise, PromiseDefinition definition, bool serves, IReadOnlyList<JsonObject> items, Action<IReadOnlyList<JsonObject>> unknown)
    {
        string IdOf(JsonObject item) => $"{promise}/{item.Namespace()}/{item.Name()}";
        var known = new Dictionary<string, EntityIndex>(StringComparer.Ordinal);
        // Looked at through a copy: reading unfolds a tree to many times its text, and what was listed is held until the last one is compared.
        bool Differs(JsonObject copy) => known.TryGetValue(IdOf(copy), out var index) && !AtRest(index, definition, serves, copy);
        await foreach (var row in journal.Summaries(Shapes.Resource, promise + "/", CancellationToken.None))
            known[row.Id] = row.Index;
        var fresh = items.Where(item => !known.ContainsKey(IdOf(Copy(item)))).ToList();
        if (fresh.Count > 0)
            unknown(fresh);
        return [.. items.Where(item => Differs(Copy(item)))];
    }

    private static JsonObject Copy(JsonObject item) => item.DeepClone().AsObject();

    private static bool AtRest(EntityIndex index, PromiseDefinition definition, bool serves, JsonObject item)
    {
        var observed = new ResourceObservation(item.Uid(), item.Generation(), item.SpecDigest(), item.IsDeleting(), "", ControlLabels.Of(item));
        return Shapes.IsCompared(index.Phase)
            && Ownership.Has(item, ResourceFinalizers.All)
            && index.SpecDigest == Shapes.DigestOf(observed, definition.Revision, serves)
            && index.StatusDigest == Canonical.DigestOf(item["status"]);
    }
}
