using System.Collections.Immutable;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Planning;

namespace Kratix.Actors.StateStores.Bucket;

/// <summary>
/// One bucket. A batch is planned on what the bucket holds now, and what differs is put, then what is to go is deleted. There is no commit that would make it one:
/// a batch that broke off half-way is written again, and finds what it has put already.
/// </summary>
internal sealed class BucketStateStore(
    BucketStateStoresOptions options, IContentStore contents, BucketAccess access, Func<Task<Outcome<Nothing>>>? beforePush) : IStateStore
{
    private const string PermissionCheck = ".kratix-write-permission-check";

    public Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => access.Guarded(() => WriteBatch(intents, cancellation));

    public Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation) => access.Guarded<IReadOnlySet<string>>(
        async () => new Outcome<IReadOnlySet<string>>.Done((await PlanOn(intents, new BatchContents(contents, cancellation), cancellation)).Changed.Select(i => i.Id).ToHashSet(StringComparer.Ordinal)));

    /// <summary>Begins an upload in parts and drops it again: that asks for the right to write and leaves nothing behind.</summary>
    public Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation) => access.Guarded<Nothing>(async () =>
    {
        var begun = await access.Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = access.Bucket, Key = PermissionCheck }, cancellation);
        try
        {
            await access.Client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = access.Bucket, Key = PermissionCheck, UploadId = begun.UploadId }, cancellation);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
        {
            // Some servers cannot drop one; an upload without parts is no object and takes no room. That it could be begun is the answer.
        }

        return new Outcome<Nothing>.Done(default);
    });

    public ValueTask DisposeAsync()
    {
        access.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Outcome<BatchResult>> WriteBatch(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation)
    {
        var batch = new BatchContents(contents, cancellation);
        var plan = await PlanOn(intents, batch, cancellation);
        if (plan.Changes.Count > 0)
        {
            if (beforePush is not null && await beforePush() is { Failure: not null } stopped)
                return stopped.Select(_ => default(BatchResult)!);
            await Parallel.ForEachAsync(
                plan.Changes.Where(c => c.Digest is not null), new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellation },
                async (change, _) => await Put(change, batch, cancellation));
            foreach (var some in plan.Changes.Where(c => c.Digest is null).Chunk(options.PageSize))
                await Delete(some, cancellation);
        }

        return new Outcome<BatchResult>.Done(Result(intents, plan));
    }

    private async Task<BatchPlan> PlanOn(IReadOnlyList<WriteIntent> intents, BatchContents batch, CancellationToken cancellation)
    {
        var view = new BucketView(options, access, cancellation);
        await view.Look(intents.SelectMany(i => i.Changes).OfType<PathChange.ReplaceDirectory>().Select(c => c.Directory).Where(d => RepositoryPath.Problem(d) is null));
        return await BatchPlan.Of(intents, () => new BucketFiles(view, batch), batch);
    }

    private static BatchResult Result(IReadOnlyList<WriteIntent> intents, BatchPlan plan)
    {
        var changed = plan.Changed.Select(i => i.Id).ToHashSet(StringComparer.Ordinal);
        var results = intents.ToImmutableDictionary(i => i.Id, i => plan.Refusals.TryGetValue(i.Id, out var reason)
            ? (IntentResult)new IntentResult.Refused(reason)
            : new IntentResult.Written(Acknowledged(i), changed.Contains(i.Id)));
        return new BatchResult(
            Digest.Of([.. results.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Value as IntentResult.Written)?.CommitId ?? "")])[..40], plan.Changes.Count == 0 ? 0 : 1, results);
    }

    /// <summary>The same for the same files at the same places, whenever they were put.</summary>
    private static string Acknowledged(WriteIntent intent) => Digest.Of([.. intent.Changes.SelectMany(Words)])[..40];

    private static IEnumerable<string> Words(PathChange change) => change switch
    {
        PathChange.PutFile put => [put.File.Path, put.File.Digest],
        PathChange.DeleteFile delete => [delete.Path, ""],
        PathChange.ReplaceDirectory replace => [replace.Directory, .. replace.Files.SelectMany(f => new[] { f.Path, f.Digest })],
        PathChange.ReplaceListed listed => [listed.Listing, .. listed.Files.SelectMany(f => new[] { f.Path, f.Digest })],
        PathChange.ReplaceSection section => [section.Path, section.Section, .. section.Files.SelectMany(f => new[] { f.Path, f.Digest })],
        _ => throw new InvalidOperationException($"unknown change {change.GetType()}"),
    };

    private async Task Put(FileChange change, BatchContents batch, CancellationToken cancellation)
    {
        using var stream = new MemoryStream(await batch.Bytes(change.Digest!, PathKey.Path(change.Key)));
        await access.Client.PutObjectAsync(
            new PutObjectRequest { BucketName = access.Bucket, Key = PathKey.Path(change.Key), InputStream = stream, UseChunkEncoding = false, AutoCloseStream = false }, cancellation);
    }

    private async Task Delete(IEnumerable<FileChange> changes, CancellationToken cancellation) => await access.Client.DeleteObjectsAsync(
        new DeleteObjectsRequest { BucketName = access.Bucket, Objects = [.. changes.Select(c => new KeyVersion { Key = PathKey.Path(c.Key) })], Quiet = true }, cancellation);
}
