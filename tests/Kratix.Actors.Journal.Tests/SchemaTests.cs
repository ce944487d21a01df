using Kratix.Actors.Journal.Sqlite;
using Kratix.Actors.PortContracts.Journal;
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
    public async Task Journal_of_version_1_is_upgraded_with_everything_in_it_and_goes_on()
    {
        Meddle(await File.ReadAllTextAsync(Golden("journal-v1.sql")));
        var request = new EntityKey("resource", "interval/default/a");

        await using var journal = await Folder.Open(o => o with { Time = TimeProvider.System });

        Assert.Empty((await journal.VerifyChain(null, default)).Faults);
        Assert.Equal(8, (await journal.Read(request, default))!.Sequence);
        Assert.Equal(10, (await journal.Events(null, 0, default).All()).Count);
        using (var made = Database.OpenForWriting(Path.Combine(Folder.Path, "new.db"), TimeSpan.Zero, create: true))
        using (var upgraded = Database.OpenForWriting(Folder.JournalFile, TimeSpan.Zero, create: false))
        {
            Schema.Upgrade(made, "new.db", Schema.Migrations);
            Assert.Equal(Tables(made), Tables(upgraded));
        }

        Assert.NotNull(await journal.GetRun("325b9679946f9111f441db402e0383c4", default));
        var epoch = (await journal.TakeShards([1], "node-a", default))[1];
        Assert.Equal(2, epoch);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(request, 8, epoch: epoch), default));
        // When its manifests came nobody noted: they count as old.
        Assert.Equal(1, (await journal.Compact(new StillNeeded(new HashSet<string>(), new HashSet<string>()), Appends.Noon, default)).Runs);
    }

    [Fact]
    public async Task Journal_of_version_1_whose_upgrade_finds_the_disk_full_stays_at_version_1()
    {
        Meddle(await File.ReadAllTextAsync(Golden("journal-v1.sql")));
        using var database = Database.OpenForWriting(Folder.JournalFile, TimeSpan.Zero, create: false);
        database.Execute("PRAGMA max_page_count = 1");

        var full = Assert.Throws<SqliteException>(() => Schema.Upgrade(
            database, Folder.JournalFile, [Schema.Migrations[0], "CREATE TABLE fill (x); INSERT INTO fill VALUES (zeroblob(1000000))"]));

        Assert.Equal(13, full.SqliteErrorCode);
        Schema.RequireCurrent(database, Folder.JournalFile, [Schema.Migrations[0]]);
        database.Execute("PRAGMA max_page_count = 100000");
        Schema.Upgrade(database, Folder.JournalFile, Schema.Migrations);
        Schema.RequireCurrent(database, Folder.JournalFile, Schema.Migrations);
    }

    /// <summary>Tables, columns and indexes, however their statements were spelled.</summary>
    private static List<string> Tables(Database database)
    {
        var select = database.Statement(
            "SELECT s.type || ' ' || s.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk, '') FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) c ORDER BY 1");
        var tables = new List<string>();
        while (select.Step())
            tables.Add(select.Text(0));
        select.Reset();
        return tables;
    }

    private static string Golden(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("the repository's root was not found above the tests");
        return Path.Combine(folder.FullName, "tests", "Kratix.Actors.Journal.Tests", "Golden", name);
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
