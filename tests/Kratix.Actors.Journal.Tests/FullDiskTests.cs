using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Journal.Tests;

/// <summary>A disk that is really full, at each moment at which the journal wants room of it.</summary>
public sealed class FullDiskTests : JournalTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public async Task Append_that_finds_no_room_is_not_there_and_all_before_it_are(long free)
    {
        using var disk = new SmallDisk(Path.Combine(Folder.Path, "small"), "4m");
        var options = new SqliteJournalOptions { Path = Path.Combine(disk.Folder, "journal.db") };
        var acknowledged = 0;
        await using (var journal = await SqliteJournal.Open(options, default))
        {
            await journal.TakeShards([1], "node-a", default);
            disk.Fill(free);
            var full = await Assert.ThrowsAsync<JournalException>(async () =>
            {
                for (; ; acknowledged++)
                    Assert.Equal(AppendResult.Appended, await journal.Append(Large(acknowledged), default));
            });

            Assert.Contains($"journal {options.Path}: the disk is full. Free space on it", full.Message, StringComparison.Ordinal);
            Assert.Equal(acknowledged, (await journal.Read(Example, default))?.Sequence ?? 0);
            Assert.Empty((await journal.VerifyChain(null, default)).Faults);

            disk.Empty();
            Assert.Equal(AppendResult.Appended, await journal.Append(Large(acknowledged), default));
            Assert.Equal(acknowledged + 1, (await journal.VerifyChain(null, default)).Events);
        }

        await using var again = await SqliteJournal.Open(options, default);
        Assert.Equal(acknowledged + 1, (await again.VerifyChain(null, default)).Events);
    }

    /// <summary>What is in the log is in no other file yet when the disk is full: neither closing nor opening may lose it.</summary>
    [Fact]
    public async Task Journal_that_is_closed_and_opened_while_the_disk_is_full_has_every_event_when_there_is_room()
    {
        using var disk = new SmallDisk(Path.Combine(Folder.Path, "small"), "8m");
        var options = new SqliteJournalOptions { Path = Path.Combine(disk.Folder, "journal.db") };
        await using (var journal = await SqliteJournal.Open(options, default))
        {
            await journal.TakeShards([1], "node-a", default);
            for (var n = 0; n < 100; n++)
                await journal.Append(Large(n), default);
            disk.Fill();
        }

        var full = await Assert.ThrowsAsync<JournalException>(async () =>
        {
            await using var opened = await SqliteJournal.Open(options, default);
            await opened.Append(Large(100), default);
        });
        Assert.Contains("the disk is full", full.Message, StringComparison.Ordinal);

        disk.Empty();
        await using var again = await SqliteJournal.Open(options, default);
        var report = await again.VerifyChain(null, default);
        Assert.Equal((100, 0), (report.Events, report.Faults.Count));
        Assert.Equal(AppendResult.Appended, await again.Append(Large(100), default));
    }

    [Fact]
    public async Task Journal_that_cannot_be_made_because_the_disk_is_full_is_made_when_there_is_room()
    {
        using var disk = new SmallDisk(Path.Combine(Folder.Path, "small"), "1m");
        var options = new SqliteJournalOptions { Path = Path.Combine(disk.Folder, "journal.db") };
        disk.Fill();

        var full = await Assert.ThrowsAsync<JournalException>(() => SqliteJournal.Open(options, default));

        Assert.Contains($"journal {options.Path}: the disk is full. Free space on it", full.Message, StringComparison.Ordinal);
        disk.Empty();
        await using var journal = await SqliteJournal.Open(options, default);
        await journal.TakeShards([1], "node-a", default);
        Assert.Equal(AppendResult.Appended, await journal.Append(Appends.Of(Example, 0), default));
    }

    private static JournalAppend Large(long sequence) => Appends.Of(Example, sequence) with { Payload = new byte[20_000] };
}
