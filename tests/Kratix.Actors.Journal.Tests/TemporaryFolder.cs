namespace Kratix.Actors.Journal.Tests;

/// <summary>A folder of the test's own, gone afterwards.</summary>
internal sealed class TemporaryFolder
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kratix-journal-").FullName;

    public string JournalFile => System.IO.Path.Combine(Path, "journal.db");

    public Task<SqliteJournal> Open(Func<SqliteJournalOptions, SqliteJournalOptions>? with = null)
    {
        var options = new SqliteJournalOptions { Path = JournalFile };
        return SqliteJournal.Open(with is null ? options : with(options), CancellationToken.None);
    }

    public void Delete() => Directory.Delete(Path, recursive: true);
}
