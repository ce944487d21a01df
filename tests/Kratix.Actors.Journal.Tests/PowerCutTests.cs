using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

/// <summary>
/// What a power cut leaves between a write and the checkpoint that takes it from the log into the file: of the log, a beginning, or one with a torn sector in it.
/// </summary>
public sealed class PowerCutTests : JournalTest
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task Log_that_is_cut_off_or_torn_anywhere_gives_each_transaction_before_that_and_no_part_of_another(int seed, bool torn)
    {
        // The length of the log after each event that was acknowledged.
        var lengths = new List<long>();
        var copy = new SqliteJournalOptions { Path = Path.Combine(Folder.Path, "copy", "journal.db") };
        Directory.CreateDirectory(Path.GetDirectoryName(copy.Path)!);
        await using var journal = await Open();
        for (var n = 0; n < 60; n++)
        {
            await journal.Append(Appends.Of(Appends.Entity($"r{n % 7}"), n / 7), default);
            lengths.Add(new FileInfo(Folder.JournalFile + "-wal").Length);
        }

        var (file, log) = (await File.ReadAllBytesAsync(Folder.JournalFile), await File.ReadAllBytesAsync(Folder.JournalFile + "-wal"));
        var random = new Random(seed);
        for (var round = 0; round < 25; round++)
        {
            var at = random.Next((int)lengths[0], log.Length);
            var left = torn ? [.. log[..at], (byte)~log[at], .. log[(at + 1)..]] : log[..at];
            foreach (var old in Directory.GetFiles(Path.GetDirectoryName(copy.Path)!))
                File.Delete(old);
            await File.WriteAllBytesAsync(copy.Path, file);
            await File.WriteAllBytesAsync(copy.Path + "-wal", left);

            await using var opened = await SqliteJournal.Open(copy, default);
            var report = await opened.VerifyChain(null, default);
            Assert.True(report.Faults.Count == 0, $"seed {seed}, byte {at}: {string.Join("; ", report.Faults)}");
            Assert.True(report.Events == lengths.Count(length => length <= at), $"seed {seed}, byte {at}: {report.Events} events");
            var next = (await opened.Read(Appends.Entity("r0"), default))!.Sequence;
            Assert.Equal(AppendResult.Appended, await opened.Append(Appends.Of(Appends.Entity("r0"), next), default));
        }
    }
}
