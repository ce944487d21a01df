using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Planning;

/// <summary>A file to write (<paramref name="Digest"/> names its content) or, with no digest, to remove.</summary>
internal sealed record FileChange(string Key, string? Digest);

/// <summary>What a batch comes to on top of what a store holds: the file changes, the intents that caused them, and those that are refused.</summary>
internal sealed record BatchPlan(IReadOnlyList<FileChange> Changes, IReadOnlyList<WriteIntent> Changed, IReadOnlyDictionary<string, string> Refusals)
{
    /// <summary>
    /// Applies the intents in order to <paramref name="stored"/>, which is made anew for each try. A refused intent leaves no trace: planning starts
    /// again without it, because its claims may have kept others from removing files.
    /// </summary>
    public static async Task<BatchPlan> Of(IReadOnlyList<WriteIntent> intents, Func<IStoredFiles> stored, BatchContents contents)
    {
        var refusals = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            var before = refusals.Count;
            var active = intents.Where(i => !refusals.ContainsKey(i.Id)).ToList();
            var claims = BatchClaims.Of(active);
            foreach (var (id, reason) in claims.Refusals)
                refusals.Add(id, reason);
            if (refusals.Count > before)
                continue;
            var files = stored();
            var pass = new PlanningPass(files, claims, contents);
            var changed = new List<WriteIntent>();
            foreach (var intent in active)
            {
                try
                {
                    if (await pass.Apply(intent))
                        changed.Add(intent);
                }
                catch (PathConflictException e)
                {
                    refusals.Add(intent.Id, $"placement '{intent.Placement}': '{RepositoryPath.Shown(PathKey.Path(e.Key))}' {e.Problem}");
                    break;
                }
                catch (MissingContentException e)
                {
                    refusals.Add(intent.Id, e.Message);
                    break;
                }
            }

            if (refusals.Count > before || (await pass.WriteSections() is { } conflict && refusals.TryAdd(conflict.Intent.Id, conflict.Reason)))
                continue;
            var changes = files.Changes.ToList();
            return new BatchPlan(changes, changes.Count == 0 ? [] : changed, refusals);
        }
    }
}
