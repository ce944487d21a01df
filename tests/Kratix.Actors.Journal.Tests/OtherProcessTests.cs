using System.Diagnostics;
using System.Runtime.Versioning;
using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class OtherProcessTests : JournalTest
{
    [Fact]
    public async Task Process_killed_while_writing_loses_no_acknowledged_event()
    {
        for (var round = 0; round < 2; round++)
        {
            var acknowledged = await WriteAndKill(lines: 300 + (200 * round));
            await using var journal = await Folder.Open();

            foreach (var (entity, sequence) in acknowledged)
                Assert.InRange((await journal.Read(entity, default))!.Sequence, sequence, sequence + 1);
            Assert.Empty((await journal.VerifyChain(null, default)).Faults);
        }
    }

    [Fact]
    public async Task Journal_copied_in_the_middle_of_writing_opens_with_whole_transactions()
    {
        await using var journal = await Open();
        using var stop = new CancellationTokenSource();
        var acknowledged = 0L;
        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            for (var sequence = 0; !stop.IsCancellationRequested; sequence++)
            {
                await journal.Append(Appends.Of(Appends.Entity($"r{n}"), sequence), default);
                Interlocked.Increment(ref acknowledged);
            }
        }));
        for (var copy = 0; copy < 3; copy++)
        {
            var taken = new SqliteJournalOptions { Path = Path.Combine(Folder.Path, $"copy-{copy}", "journal.db") };
            long atLeast;
            using (await Pause(journal))
            {
                atLeast = Interlocked.Read(ref acknowledged);
                // The writer stands inside a transaction whose pages are not in the log yet, others wait.
                Directory.CreateDirectory(Path.GetDirectoryName(taken.Path)!);
                File.Copy(Folder.JournalFile, taken.Path);
                File.Copy(Folder.JournalFile + "-wal", taken.Path + "-wal");
            }

            await using var opened = await SqliteJournal.Open(taken, default);
            var report = await opened.VerifyChain(null, default);
            Assert.Empty(report.Faults);
            Assert.InRange(report.Events, atLeast, long.MaxValue);
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Journal_opened_to_look_sees_what_another_process_writes()
    {
        using var writer = ChildProcess.Start("write", Folder.JournalFile);
        try
        {
            await ReadLines(writer, 20);
            await using var looking = await Folder.Open(o => o with { ReadOnly = true });
            var before = (await looking.Events(null, 0, default).All()).Count;
            // One line per event: with more lines than events were there, there are more events.
            await ReadLines(writer, before - 20 + 1);

            Assert.InRange(before, 20, int.MaxValue);
            Assert.True((await looking.Events(null, 0, default).All()).Count > before);
            Assert.Empty((await looking.VerifyChain(null, default)).Faults);
        }
        finally
        {
            writer.Kill();
            await writer.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Journal_opened_to_look_works_when_nobody_writes_and_writes_nothing_itself()
    {
        await using (var journal = await Open())
            await Write(journal, Example, 2);
        await using var looking = await Folder.Open(o => o with { ReadOnly = true });

        Assert.Equal(2, (await looking.Read(Example, default))!.Sequence);
        var error = await Assert.ThrowsAsync<JournalException>(() => looking.Append(Appends.Of(Example, 2), default));
        Assert.Contains("opened to look only", error.Message);
        await Assert.ThrowsAsync<JournalException>(() => looking.Put(Appends.Bytes("x"), default));
        await Assert.ThrowsAsync<JournalException>(() => looking.TakeShards([1], "x", default));
    }

    [Fact]
    public async Task Journal_opened_to_look_where_none_is_says_so_and_makes_none()
    {
        var error = await Assert.ThrowsAsync<JournalException>(() => Folder.Open(o => o with { ReadOnly = true }));

        Assert.Contains($"journal {Folder.JournalFile}: there is no such file", error.Message);
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public async Task Journal_opened_to_look_at_another_programs_database_is_refused()
    {
        Meddle("CREATE TABLE other (x)");

        var error = await Assert.ThrowsAsync<JournalException>(() => Folder.Open(o => o with { ReadOnly = true }));

        Assert.Contains("the file holds no journal", error.Message);
    }

    [Fact]
    public async Task Folder_that_is_read_only_is_reported_when_writing_and_readable_when_looking()
    {
        await using (var journal = await Open())
            await Write(journal, Example, 3);
        File.SetUnixFileMode(Folder.JournalFile, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(Folder.Path, ReadAndEnter);

        var writing = await Child("open", Folder.JournalFile, "read-write");
        var looking = await Child("open", Folder.JournalFile, "read-only");

        File.SetUnixFileMode(Folder.Path, ReadAndEnter | UnixFileMode.UserWrite);
        Assert.Contains($"journal {Folder.JournalFile}: the file or its folder is read-only. Let the user that runs this process write both", writing);
        Assert.Equal("3 events", looking);
        File.SetUnixFileMode(Folder.JournalFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var repaired = await Folder.Open();
        Assert.Empty((await repaired.VerifyChain(null, default)).Faults);
    }

    private const UnixFileMode ReadAndEnter =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static async Task<string> Child(params string[] arguments)
    {
        using var child = ChildProcess.Start(arguments);
        var errors = child.StandardError.ReadToEndAsync();
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0, await errors);
        return output.Trim();
    }

    private async Task<Dictionary<EntityKey, long>> WriteAndKill(int lines)
    {
        using var child = ChildProcess.Start("write", Folder.JournalFile);
        var acknowledged = new Dictionary<EntityKey, long>();
        Keep(await ReadLines(child, lines));
        child.Kill();
        Keep((await child.StandardOutput.ReadToEndAsync()).Split('\n')[..^1]);
        await child.WaitForExitAsync();
        return acknowledged;

        void Keep(IEnumerable<string> printed)
        {
            foreach (var line in printed)
                acknowledged[Appends.Entity(line.Split(' ')[0])] = long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private static async Task<List<string>> ReadLines(Process child, int lines)
    {
        var read = new List<string>();
        while (read.Count < lines)
            read.Add(await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await child.StandardError.ReadToEndAsync()));
        return read;
    }
}
