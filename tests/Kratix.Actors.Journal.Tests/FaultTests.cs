using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Journal.Sqlite;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Journal.Tests;

/// <summary>What the machine does to a file. Each ends in a message for the operator, and in service once repaired.</summary>
public sealed class FaultTests : JournalTest
{
    [Fact]
    public async Task Disk_full_fails_the_write_keeps_nothing_of_it_and_goes_on_when_there_is_room()
    {
        await using var journal = await Open();
        await Write(journal, Example, 1);
        await LimitPages(journal, 60);
        ReadOnlyMemory<byte>[] tooMuch = [Appends.Bytes("small"), new byte[1_000_000]];

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.PutMany(tooMuch, default));

        Assert.Contains(Folder.JournalFile, error.Message);
        Assert.Contains("the disk is full. Free space", error.Message);
        Assert.Null(await journal.Get(Core.Digest.Of("small"), default));
        Assert.Equal(1, (await journal.Read(Example, default))!.Sequence);
        await LimitPages(journal, 100_000);
        await journal.PutMany(tooMuch, default);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 1), default));
        Assert.Empty((await journal.VerifyChain(null, default)).Faults);
    }

    [Fact]
    public async Task Write_too_large_for_the_disk_does_not_fail_the_others_of_its_group()
    {
        await using var journal = await Open();
        await LimitPages(journal, 60);
        Task<AppendResult> append, second;
        Task<string> put;
        using (var pause = await Pause(journal))
        {
            append = journal.Append(Appends.Of(Example, 0), default);
            put = journal.Put(new byte[1_000_000], default);
            second = journal.Append(Appends.Of(Example, 1), default);
            pause.Release();
        }

        await Assert.ThrowsAsync<JournalException>(() => put);
        Assert.Equal((AppendResult.Appended, AppendResult.Appended), (await append, await second));
        Assert.Equal(1, journal.Metrics.Failures);
    }

    [Fact]
    public async Task Damaged_pages_are_reported_and_a_restored_file_serves_again()
    {
        await using (var writing = await Open())
            await Task.WhenAll(Enumerable.Range(0, 500).Select(n => writing.Append(Appends.Of(Appends.Entity($"r{n}"), 0), default)));
        var good = await File.ReadAllBytesAsync(Folder.JournalFile);
        await using var journal = await Folder.Open();
        await File.WriteAllBytesAsync(Folder.JournalFile, Damaged(good));

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.VerifyChain(null, default));
        await Assert.ThrowsAsync<JournalException>(() => journal.Append(Appends.Of(Example, 0), default));

        Assert.Contains($"journal {Folder.JournalFile}: the file is damaged. Stop what uses it and restore it from a backup", error.Message);
        await File.WriteAllBytesAsync(Folder.JournalFile, good);
        Assert.Empty((await journal.VerifyChain(null, default)).Faults);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 0), default));
    }

    [Fact]
    public async Task Content_that_was_changed_in_the_file_is_not_handed_out()
    {
        await using var journal = await Open();
        var digest = await journal.Put(Appends.Bytes("kind: Redis"), default);
        Assert.Equal(1, Meddle("UPDATE contents SET bytes = CAST('kind: Other' AS BLOB)"));

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.Get(digest, default));

        Assert.Contains(digest, error.Message);
    }

    [Fact]
    public async Task File_that_is_no_database_is_refused_and_left_alone()
    {
        var text = string.Concat(Enumerable.Repeat("this is no journal\n", 100));
        await File.WriteAllTextAsync(Folder.JournalFile, text);

        var error = await Assert.ThrowsAsync<JournalException>(() => Folder.Open());

        Assert.Contains($"journal {Folder.JournalFile}: the file is not a journal", error.Message);
        Assert.Equal(text, await File.ReadAllTextAsync(Folder.JournalFile));
    }

    [Fact]
    public async Task Database_of_another_program_is_refused_and_left_alone()
    {
        Meddle("CREATE TABLE invoices (x)");

        var error = await Assert.ThrowsAsync<JournalException>(() => Folder.Open());

        Assert.Contains($"journal {Folder.JournalFile}: the file is another program's database, with 1 table and no journal. Name another data folder", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Meddle("INSERT INTO invoices SELECT name FROM sqlite_schema WHERE name <> 'invoices'"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Newer_schema_is_refused_and_left_alone(bool readOnly)
    {
        await using (var writing = await Open())
            await Write(writing, Example, 1);
        Meddle("UPDATE meta SET value = 99 WHERE key = 'schema'");

        var error = await Assert.ThrowsAsync<JournalException>(() => Folder.Open(o => o with { ReadOnly = readOnly }));

        Assert.Contains($"journal {Folder.JournalFile}: its schema is version 99, this program knows up to version {Schema.Migrations.Count}", error.Message);
        Meddle($"UPDATE meta SET value = {Schema.Migrations.Count} WHERE key = 'schema'");
        await using var journal = await Folder.Open();
        Assert.Empty((await journal.VerifyChain(null, default)).Faults);
    }

    [Fact]
    public async Task Lock_held_by_another_process_fails_writes_after_the_limit_but_not_reads()
    {
        await using var journal = await Open(o => o with { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        await Write(journal, Example, 1);
        using (var other = Meddler())
        using (other.BeginTransaction(deferred: false))
        {
            var error = await Assert.ThrowsAsync<JournalException>(() => journal.Append(Appends.Of(Example, 1), default));
            Assert.Contains($"journal {Folder.JournalFile}: another process holds the file's lock. Find it with: fuser", error.Message);
            Assert.Equal(1, (await journal.Read(Example, default))!.Sequence);
            await Assert.ThrowsAsync<JournalException>(() => Folder.Open(o => o with { BusyTimeout = TimeSpan.FromMilliseconds(20) }));
        }

        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 1), default));
    }

    [Fact]
    public async Task File_removed_while_in_use_fails_writes_until_it_is_put_back()
    {
        await using var journal = await Open();
        await Write(journal, Example, 1);
        var aside = Path.Combine(Folder.Path, "aside");
        Directory.CreateDirectory(aside);
        foreach (var file in Directory.GetFiles(Folder.Path))
            File.Move(file, Path.Combine(aside, Path.GetFileName(file)));

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.Append(Appends.Of(Example, 1), default));

        Assert.Contains($"journal {Folder.JournalFile}: the file was removed or moved", error.Message);
        Assert.False(File.Exists(Folder.JournalFile));
        foreach (var file in Directory.GetFiles(aside))
            File.Move(file, Path.Combine(Folder.Path, Path.GetFileName(file)));
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 1), default));
        Assert.Equal(2, (await journal.Read(Example, default))!.Sequence);
    }

    /// <summary>As <c>rsync</c> and <c>mv</c> restore a backup: under the same name, and yet not the file that is open.</summary>
    [Fact]
    public async Task File_that_another_took_the_place_of_takes_no_event_that_would_be_lost()
    {
        await using var journal = await Open();
        await Write(journal, Example, 1);
        var (aside, copy) = (Path.Combine(Folder.Path, "aside.db"), Path.Combine(Folder.Path, "copy.db"));
        File.Copy(Folder.JournalFile, copy);
        File.Move(Folder.JournalFile, aside);
        File.Move(copy, Folder.JournalFile);

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.Append(Appends.Of(Example, 1), default));

        Assert.Contains($"journal {Folder.JournalFile}: the file was removed or moved while it was in use, or another took its place", error.Message, StringComparison.Ordinal);
        File.Move(aside, Folder.JournalFile, overwrite: true);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 1), default));
        Assert.Equal(2, (await journal.VerifyChain(null, default)).Events);
    }

    [Fact]
    public async Task Folder_that_cannot_be_made_is_reported()
    {
        var file = Path.Combine(Folder.Path, "file");
        await File.WriteAllTextAsync(file, "");

        var error = await Assert.ThrowsAsync<JournalException>(
            () => SqliteJournal.Open(new SqliteJournalOptions { Path = Path.Combine(file, "data", "journal.db") }, default));

        Assert.Contains("its folder cannot be made", error.Message);
    }

    [Fact]
    public async Task Row_removed_by_hand_makes_appends_fail_with_advice_to_verify()
    {
        await using var journal = await Open();
        await Write(journal, Example, 1);
        Meddle("DELETE FROM entities");

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.Append(Appends.Of(Example, 0), default));

        Assert.Contains("kratix-actors audit verify", error.Message);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Appends.Entity("other"), 0), default));
    }

    [Fact]
    public async Task Impossible_time_in_the_file_is_reported_and_does_not_stop_verification()
    {
        await using var journal = await Open();
        await Write(journal, Example, 1);
        Meddle("UPDATE events SET time = -5");

        var error = await Assert.ThrowsAsync<JournalException>(() => journal.Events(null, 0, default).All());

        Assert.Contains($"journal {Folder.JournalFile}: the time of event 1 of {Example} is impossible (-5 ticks)", error.Message);
        Assert.Single((await journal.VerifyChain(null, default)).Faults);
    }

    private static Task<bool> LimitPages(SqliteJournal journal, int pages) => journal.Writer.Write(
        tables =>
        {
            tables.Database.Execute($"PRAGMA max_page_count = {pages}");
            return true;
        },
        0,
        default);

    /// <summary>Everything but the first page, which names the tables, is noise.</summary>
    private static byte[] Damaged(byte[] good)
    {
        var bad = (byte[])good.Clone();
        new Random(1).NextBytes(bad.AsSpan(4096));
        return bad;
    }
}
