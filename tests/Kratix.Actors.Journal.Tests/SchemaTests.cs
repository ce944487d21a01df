using Kratix.Actors.Journal.Sqlite;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal.Tests;

public sealed class SchemaTests : JournalTest
{
    private static readonly string[] Two = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"];

    [Fact]
    public void Upgrade_of_an_older_file_runs_only_what_is_new()
    {
        using var database = Database.OpenForWriting(Folder.JournalFile, TimeSpan.Zero, create: true);
        Schema.Upgrade(database, Folder.JournalFile, Two[..1]);
        database.Execute("INSERT INTO a VALUES (1)");

        Schema.Upgrade(database, Folder.JournalFile, Two);
        Schema.Upgrade(database, Folder.JournalFile, Two);

        database.Execute("UPDATE a SET y = x");
        Schema.RequireCurrent(database, Folder.JournalFile, Two);
    }

    [Fact]
    public void Upgrade_that_fails_leaves_the_file_as_it_was()
    {
        using var database = Database.OpenForWriting(Folder.JournalFile, TimeSpan.Zero, create: true);
        Schema.Upgrade(database, Folder.JournalFile, Two[..1]);

        Assert.Throws<SqliteException>(() => Schema.Upgrade(database, Folder.JournalFile, [Two[0], "CREATE TABLE b (x)", "nonsense"]));

        Schema.RequireCurrent(database, Folder.JournalFile, Two[..1]);
        Schema.Upgrade(database, Folder.JournalFile, [Two[0], "CREATE TABLE b (x)"]);
    }

    [Fact]
    public void Looking_at_an_older_file_asks_for_its_upgrade()
    {
        using var database = Database.OpenForWriting(Folder.JournalFile, TimeSpan.Zero, create: true);
        Schema.Upgrade(database, Folder.JournalFile, Two[..1]);

        var error = Assert.Throws<JournalException>(() => Schema.RequireCurrent(database, Folder.JournalFile, Two));

        Assert.Contains("its schema is version 1, this program reads version 2. Start the engine", error.Message);
    }
}
