using System.Text;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Git;

/// <summary>A file to write (<paramref name="Digest"/> names its content) or, with no digest, to remove.</summary>
internal sealed record FileChange(string Key, string? Digest);

/// <summary>What a batch comes to on top of one commit: the file changes, the intents that caused them, and those that are refused.</summary>
internal sealed record BatchPlan(IReadOnlyList<FileChange> Changes, IReadOnlyList<WriteIntent> Changed, IReadOnlyDictionary<string, string> Refusals)
{
    /// <summary>
    /// Applies the intents in order to the files of <paramref name="trees"/>' commit. A refused intent leaves no trace: planning starts
    /// again without it, because its claims may have kept others from removing files.
    /// </summary>
    public static async Task<BatchPlan> Of(IReadOnlyList<WriteIntent> intents, Func<TreeOverlay> trees, BlobSource blobs)
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
            var pass = new Pass(trees(), claims, blobs);
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
                    refusals.Add(intent.Id, $"placement '{intent.Placement}': '{RepositoryPath.Shown(Encoding.UTF8.GetString(TreeOverlay.Bytes(e.Key)))}' {e.Problem}");
                    break;
                }
                catch (MissingContentException e)
                {
                    refusals.Add(intent.Id, e.Message);
                    break;
                }
            }

            if (refusals.Count > before)
                continue;
            var changes = pass.Changes();
            return new BatchPlan(changes, changes.Count == 0 ? [] : changed, refusals);
        }
    }

    private sealed class Pass(TreeOverlay tree, BatchClaims claims, BlobSource blobs)
    {
        private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);

        public async Task<bool> Apply(WriteIntent intent)
        {
            var changed = false;
            foreach (var change in intent.Changes)
            {
                changed |= change switch
                {
                    PathChange.PutFile put => await Put(put.File.Path, put.File.Digest),
                    PathChange.DeleteFile delete => await Delete(intent, delete.Path),
                    PathChange.ReplaceDirectory replace => await Replace(intent, replace),
                    _ => throw new InvalidOperationException($"unknown change {change.GetType()}"),
                };
            }

            return changed;
        }

        public List<FileChange> Changes() => [.. tree.Changes.Select(c => new FileChange(c.Path, c.ObjectId is null ? null : _digests[c.ObjectId]))];

        private async Task<bool> Replace(WriteIntent intent, PathChange.ReplaceDirectory replace)
        {
            var changed = false;
            var directory = TreeOverlay.Key(replace.Directory);
            var wanted = replace.Files.Select(f => TreeOverlay.Key($"{replace.Directory}/{f.Path}")).ToHashSet(StringComparer.Ordinal);
            foreach (var key in await tree.FilesBelow(directory))
            {
                if (!wanted.Contains(key) && !IsWantedByAnother(intent, key))
                    changed |= await tree.Delete(key);
            }

            foreach (var file in replace.Files)
                changed |= await Put($"{replace.Directory}/{file.Path}", file.Digest);
            return changed;
        }

        private async Task<bool> Put(string path, string digest)
        {
            var objectId = await blobs.ObjectId(digest, path);
            _digests[objectId] = digest;
            return await tree.Put(TreeOverlay.Key(path), objectId);
        }

        private async Task<bool> Delete(WriteIntent intent, string path) =>
            !claims.IsWantedByAnother(intent, path) && await tree.Delete(TreeOverlay.Key(path));

        // A name that is not UTF-8 cannot be in anybody's claim except through its directory, which is compared the same way.
        private bool IsWantedByAnother(WriteIntent intent, string key) => claims.IsWantedByAnother(intent, Encoding.UTF8.GetString(TreeOverlay.Bytes(key)));
    }
}
