using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Kratix.Actors.Core;
using Kratix.Actors.Journal.Sqlite;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal;

/// <summary>
/// Journal and contents in one SQLite file. Several processes may open it: writes are conditional on sequence and epoch, so they cannot harm each other,
/// but one at a time holds the file's lock. Times come back as UTC. Lists come ordered by id, in the order of UTF-8 bytes.
/// </summary>
public sealed class SqliteJournal : IJournal, IContentStore
{
    private readonly string _path;
    private readonly JournalReaders _readers;
    private readonly JournalWriter? _writer;
    private readonly TimeProvider _time;

    private SqliteJournal(SqliteJournalOptions options, string path, JournalReaders readers, JournalWriter? writer)
    {
        _time = options.Time;
        _path = path;
        _readers = readers;
        _writer = writer;
    }

    /// <summary>Counts since opening; all zero when opened to look only.</summary>
    public JournalMetrics Metrics => (_writer?.Counters ?? new WriteCounters()).Snapshot();

    /// <summary>Opens the file, making or upgrading it first unless it is opened to look only.</summary>
    /// <exception cref="JournalException">The file cannot be used; the message says what to do.</exception>
    public static Task<SqliteJournal> Open(SqliteJournalOptions options, CancellationToken cancellation)
    {
        options.Validate();
        var path = Path.GetFullPath(options.Path);
        return Task.Run(
            () =>
            {
                try
                {
                    return options.ReadOnly ? OpenToLook(options, path) : OpenToWrite(options, path);
                }
                catch (SqliteException e)
                {
                    throw SqliteFault.Explain(path, e);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new JournalException(
                        $"journal {path}: its folder cannot be made: {e.Message} Make it, or let the user that runs this process do so.", e);
                }
            },
            cancellation);
    }

    public async Task<AppendResult> Append(JournalAppend append, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(append.Entity.Type);
        ArgumentException.ThrowIfNullOrEmpty(append.Entity.Id);
        var result = await Writer.Write(tables => tables.Append(append), append.Payload.Length + append.State.Length, cancellation);
        Writer.Counters.Answered(result);
        return result;
    }

    public Task<IReadOnlyDictionary<int, long>> TakeShards(IReadOnlyCollection<int> shards, string owner, CancellationToken cancellation) =>
        Writer.Write(tables => tables.TakeShards(shards, owner), 0, cancellation);

    public async Task<IReadOnlyDictionary<int, long>> Epochs(CancellationToken cancellation) => await _readers.Read(JournalQueries.Epochs, cancellation);

    public Task<EntityRow?> Read(EntityKey entity, CancellationToken cancellation) =>
        _readers.Read(database => JournalQueries.Row(database, entity), cancellation);

    public IAsyncEnumerable<JournalEvent> Events(EntityKey? entity, long afterPosition, CancellationToken cancellation) => entity is { } one
        ? InBatches<JournalEvent>(
            (database, last) => JournalQueries.Events(database, one, afterPosition, last?.Sequence ?? 0), cancellation)
        : InBatches<JournalEvent>(
            (database, last) => JournalQueries.Events(database, last?.Position ?? afterPosition), cancellation);

    public IAsyncEnumerable<EntitySummary> Summaries(string type, string idPrefix, CancellationToken cancellation) =>
        InBatches<EntitySummary>(
            (database, last) => JournalQueries.Summaries(database, type, idPrefix, last is null ? idPrefix : After(last.Id)), cancellation);

    public IAsyncEnumerable<EntityRow> Rows(string type, CancellationToken cancellation) =>
        InBatches<EntityRow>((database, last) => JournalQueries.Rows(database, type, last is null ? "" : After(last.Entity.Id)), cancellation);

    public async Task<IReadOnlyList<DueWakeUp>> Due(DateTimeOffset after, DateTimeOffset until, int limit, CancellationToken cancellation) =>
        await _readers.Read(database => JournalQueries.Due(database, after, until, limit), cancellation);

    public Task<ChainReport> VerifyChain(EntityKey? entity, CancellationToken cancellation) => _readers.Read(
        database => entity is { } one ? ChainVerification.Entity(database, one, cancellation) : ChainVerification.All(database, cancellation), cancellation);

    public Task<JournalHead?> Head(long? position, CancellationToken cancellation) => _readers.Read(database => ChainHead.At(database, position), cancellation);

    public async Task<string> Put(ReadOnlyMemory<byte> content, CancellationToken cancellation) => (await PutMany([content], cancellation))[0];

    public async Task<IReadOnlyList<string>> PutMany(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation)
    {
        // Hashed here and not on the writer's thread, which has every other caller waiting.
        var digests = contents.Select(content => Digest.Of(content.Span)).ToArray();
        if (contents.Count > 0)
        {
            var keys = digests.Select(Convert.FromHexString).ToArray();
            await Writer.Write(
                tables =>
                {
                    tables.PutContents(contents, keys, _time.GetUtcNow());
                    return true;
                },
                contents.Sum(content => (long)content.Length),
                cancellation);
        }

        return digests;
    }

    public async Task<byte[]?> Get(string digest, CancellationToken cancellation)
    {
        var key = KeyOf(digest);
        var content = await _readers.Read(database => JournalQueries.Content(database, key), cancellation);
        if (content is not null && Digest.Of(content) != digest)
            throw new JournalException($"journal {_path}: the content stored as {digest} is not what was put there. Restore the file from a backup.");
        return content;
    }

    public Task<bool> PutRun(string runId, ReadOnlyMemory<byte> manifest, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(runId);
        var keys = contents.Select(content => SHA256.HashData(content.Span)).ToArray();
        return Writer.Write(
            tables =>
            {
                var now = _time.GetUtcNow();
                tables.PutContents(contents, keys, now);
                return tables.PutRun(runId, manifest.Span, now);
            },
            manifest.Length + contents.Sum(content => (long)content.Length),
            cancellation);
    }

    public Task<byte[]?> GetRun(string runId, CancellationToken cancellation) =>
        _readers.Read(database => JournalQueries.Run(database, runId), cancellation);

    public async Task<CompactionReport> Compact(StillNeeded needed, DateTimeOffset unusedSince, CancellationToken cancellation)
    {
        const int PerTransaction = 256;
        var before = unusedSince - JournalTables.UsedPrecision;
        long contents = 0, bytes = 0, runs = 0;
        for (long last = -1; last != 0;)
        {
            var after = Math.Max(last, 0);
            (last, var removed) = await Writer.Write(tables => tables.CompactContents(after, PerTransaction, needed.Contents, before), 0, cancellation);
            (contents, bytes) = (contents + removed.Contents, bytes + removed.Bytes);
        }

        for (string? last = ""; last is not null;)
        {
            var after = last;
            (last, var removed) = await Writer.Write(tables => tables.CompactRuns(after, PerTransaction, needed.Runs, before), 0, cancellation);
            runs += removed;
        }

        return new CompactionReport(contents, bytes, runs);
    }

    /// <summary>Writes something that means nothing, as durably as an event.</summary>
    /// <exception cref="JournalException">Nothing can be written; the message says why.</exception>
    public Task CheckWritable(CancellationToken cancellation) => Writer.Write(
        tables =>
        {
            tables.Database.Statement("INSERT INTO meta (key, value) VALUES ('probe', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1").Run();
            return true;
        },
        0,
        cancellation);

    /// <summary>Writes what waits, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
            await _writer.DisposeAsync();
        _readers.Dispose();
    }

    internal JournalWriter Writer =>
        _writer ?? throw new JournalException($"journal {_path}: it was opened to look only. Open it without ReadOnly to write.");

    private static SqliteJournal OpenToLook(SqliteJournalOptions options, string path)
    {
        if (!File.Exists(path))
            throw new JournalException($"journal {path}: there is no such file. Name the journal.db of a data folder.");
        using (var database = Database.OpenForReading(path, options.BusyTimeout))
            Schema.RequireCurrent(database, path, Schema.Migrations);
        return new SqliteJournal(options, path, new JournalReaders(path, options.BusyTimeout), null);
    }

    private static SqliteJournal OpenToWrite(SqliteJournalOptions options, string path)
    {
        MakeFolder(path);
        var database = Database.OpenForWriting(path, options.BusyTimeout, create: true);
        try
        {
            Schema.Upgrade(database, path, Schema.Migrations);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        var readers = new JournalReaders(path, options.BusyTimeout);
        return new SqliteJournal(options, path, readers, new JournalWriter(options, path, database, readers));
    }

    /// <summary>Only for the user that runs the engine: the journal holds what every team asked for.</summary>
    private static void MakeFolder(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The smallest text after this one.</summary>
    private static string After(string id) => id + "\0";

    private static byte[] KeyOf(string digest)
    {
        if (digest.Length != 2 * FieldHasher.Size || !digest.All(char.IsAsciiHexDigitLower))
            throw new ArgumentException($"'{digest}' is not a digest: 64 lower-case hexadecimal digits", nameof(digest));
        return Convert.FromHexString(digest);
    }

    private async IAsyncEnumerable<T> InBatches<T>(Func<Database, T?, Batch<T>> next, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        T? last = null;
        while (true)
        {
            var after = last;
            var batch = await _readers.Read(database => next(database, after), cancellation);
            foreach (var item in batch.Items)
                yield return item;
            if (!batch.IsFull)
                yield break;
            last = batch.Items[^1];
        }
    }
}
