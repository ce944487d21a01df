using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Journal;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>
/// A data folder with many settled requests, made without running each: one is settled by an engine, and the others are copies of its row and of its object under
/// other names and uids, with the digests that belong to them. For the comparison of a start they are what the engine would have left.
/// </summary>
internal static class SettledRequests
{
    private const string Exemplar = "exemplar-0";

    /// <summary>The one among them whose status somebody has edited: it is put right once all have been compared.</summary>
    private const string Edited = "settled-0";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Ends when the comparison of a start has come to its end. Ask before the engine starts.</summary>
    internal static Task Compared(BenchApi api) => api.Engine.Shown(NoopPromise.Kind, Edited, "Reconciled", 1, Limit);

    /// <summary>So that the next start has something to put right again.</summary>
    internal static async Task Edit(BenchApi api)
    {
        var status = new JsonObject { ["status"] = new JsonObject { ["message"] = "edited" } };
        if (await api.User.Patch(NoopPromise.Type, NoopPromise.Namespace, Edited, PatchKind.Merge, status, "status", CancellationToken.None) is { Failure: { } failure })
            throw new InvalidOperationException($"{Edited} could not be edited: {failure}");
    }
    private const int AtOnce = 512;

    /// <summary>Fills the folder; no engine runs on it afterwards.</summary>
    internal static async Task Make(string folder, int count)
    {
        JsonObject item;
        await using (var bed = await EngineBed.Start(folder, await BenchApi.Standalone(folder, inProcess: true)))
        {
            await bed.InstallPromise();
            await bed.Settle("exemplar-", 1);
            item = ((Outcome<JsonObject>.Done)await bed.Api.User.Get(NoopPromise.Type, NoopPromise.Namespace, Exemplar, CancellationToken.None)).Value;
            CopyFiles(bed, count);
        }

        await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(folder, "journal.db"), Time = TimeProvider.System }, CancellationToken.None);
        await using var objects = ObjectStore.Open(Path.Combine(folder, "objects.db"), new StoreBounds(), TimeProvider.System);
        var row = await journal.Read(new EntityKey(Shapes.Resource, $"noop/{NoopPromise.Namespace}/{Exemplar}"), CancellationToken.None)
            ?? throw new InvalidOperationException("the exemplar has no row");
        var (shards, epoch) = await Shards(journal);
        var (state, text, uid) = (Encoding.UTF8.GetString(row.State.Span), item.ToJsonString(), item["metadata"]!["uid"]!.ToString());
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellation) =>
        {
            string Mine(string of, string itsUid) => of.Replace(Exemplar, $"settled-{i}", StringComparison.Ordinal).Replace(uid, itsUid, StringComparison.Ordinal);
            var (name, itsUid) = ($"settled-{i}", Guid.NewGuid().ToString());
            var own = Mine(state, itsUid);
            var body = JsonNode.Parse(Mine(text, itsUid))!.AsObject();
            body["status"] = ResourceStatus.Of(Codec.Read<ResourceState>(Encoding.UTF8.GetBytes(own)));
            if (name == Edited)
                body["status"]!["message"] = "edited";
            await objects.TryCreate(new ObjectKey(new GroupResource(NoopPromise.Type.Group, NoopPromise.Type.Plural), NoopPromise.Namespace, name), body);
            await Append(journal, row, $"noop/{NoopPromise.Namespace}/{name}", own, shards, epoch);
        });
    }

    /// <summary>The same files for each: a start that verifies also compares the repository.</summary>
    private static void CopyFiles(EngineBed bed, int count)
    {
        var files = bed.Git("ls-tree", "-r", "main").Split('\n').Where(f => f.Contains(Exemplar, StringComparison.Ordinal)).ToList();
        if (files.Count == 0)
            throw new InvalidOperationException($"{Exemplar} is settled, but the repository holds no file of it");
        // "<mode> blob <id>\t<path>" of the one is "M <mode> <id> <path>" of the other.
        var commands = files.Select(f => f.Split('\t') is [var entry, var path] && entry.Split(' ') is [var mode, _, var id] ? $"M {mode} {id} {path}" : throw new FormatException(f)).ToList();
        var import = new StringBuilder("commit refs/heads/main\ncommitter benchmark <benchmark@example.invalid> 0 +0000\ndata 8\nsettled\n\nfrom refs/heads/main^0\n");
        for (var i = 0; i < count; i++)
        {
            foreach (var command in commands)
                import.Append(command.Replace(Exemplar, $"settled-{i}", StringComparison.Ordinal)).Append('\n');
        }

        bed.GitWithInput(import.ToString(), "fast-import", "--quiet");
    }

    private static async Task Append(SqliteJournal journal, EntityRow like, string id, string state, int shards, long epoch)
    {
        var bytes = Encoding.UTF8.GetBytes(state);
        var append = new JournalAppend(
            new EntityKey(Shapes.Resource, id), ShardRegion.ShardOf(id, shards), epoch, 0, "observed", "{}"u8.ToArray(), bytes,
            Shapes.OfResource.Index(Codec.Read<ResourceState>(bytes)), "made by a benchmark", "benchmark", "benchmark", like.UpdatedAt);
        if (await journal.Append(append, CancellationToken.None) is not AppendResult.Appended and var refused)
            throw new InvalidOperationException($"the journal did not take {id}: {refused}");
    }

    private static async Task<(int Count, long Epoch)> Shards(SqliteJournal journal)
    {
        var epochs = await journal.Epochs(CancellationToken.None);
        return (epochs.Count, epochs.Values.Max());
    }
}
