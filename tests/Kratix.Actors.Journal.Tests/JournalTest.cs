using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal.Tests;

/// <summary>A journal file of the test's own, and the hands of somebody who meddles with it.</summary>
public abstract class JournalTest : IDisposable
{
    private protected static readonly EntityKey Example = Appends.Entity();

    private protected TemporaryFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Delete();
        GC.SuppressFinalize(this);
    }

    private protected async Task<SqliteJournal> Open(Func<SqliteJournalOptions, SqliteJournalOptions>? with = null)
    {
        var journal = await Folder.Open(with);
        await journal.TakeShards([1], "node-a", default);
        return journal;
    }

    private protected static async Task Write(SqliteJournal journal, EntityKey entity, int events)
    {
        for (var sequence = 0; sequence < events; sequence++)
            Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(entity, sequence), default));
    }

    /// <summary>Another process's connection.</summary>
    private protected SqliteConnection Meddler()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Folder.JournalFile, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private protected int Meddle(string sql)
    {
        using var connection = Meddler();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>Keeps the writer busy until released, so that a test decides which writes gather into one transaction.</summary>
    private protected static async Task<WriterPause> Pause(SqliteJournal journal)
    {
        var pause = new WriterPause();
        pause.Ended = journal.Writer.Write(_ => pause.Wait(), 0, default);
        await pause.Begun;
        return pause;
    }

    private protected sealed class WriterPause : IDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public Task Ended { get; set; } = Task.CompletedTask;

        public bool Wait()
        {
            _begun.TrySetResult();
            _release.Wait();
            return true;
        }

        public void Release() => _release.Set();

        public void Dispose()
        {
            _release.Set();
            Ended.GetAwaiter().GetResult();
            _release.Dispose();
        }
    }
}
