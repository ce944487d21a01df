using System.Net;
using System.Net.Sockets;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Host.Tests.Commands;

/// <summary>A data folder in which nothing can be done: whoever types a command reads one line that says what, where and what to do.</summary>
public sealed class UpTroubleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string JournalFile => DataFolder.Journal(_folder.Path);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("newer", "its schema is version 99, this program knows up to version", "Use the newer kratix-actors that wrote it, or restore a backup")]
    [InlineData("damaged", "the file is damaged", "restore it from a backup, or save what is readable")]
    [InlineData("no-database", "the file is not a journal, or its beginning is damaged", "Restore it from a backup")]
    public async Task Journal_that_cannot_be_used_is_said_by_each_command_and_served_again_when_repaired(string trouble, string problem, string remedy)
    {
        await using (await SqliteJournal.Open(new SqliteJournalOptions { Path = JournalFile }, default))
        {
        }

        var good = await File.ReadAllBytesAsync(JournalFile);
        if (trouble == "newer")
            Meddle("UPDATE meta SET value = 99 WHERE key = 'schema'");
        else
            await File.WriteAllBytesAsync(JournalFile, Damaged(good, from: trouble == "damaged" ? 4096 : 0));
        var bad = await File.ReadAllBytesAsync(JournalFile);

        foreach (var command in new[] { new[] { "up" }, ["audit", "verify"], ["audit", "export"], ["audit", "promise/redis"], ["replay", "--until", "2026-11-23"] })
        {
            var refused = await Invocation.Of([.. command, "--data-folder", _folder.Path]);
            Assert.Equal((ExitCode.Failure, ""), (refused.ExitCode, refused.Out));
            Assert.StartsWith($"journal {JournalFile}: ", refused.Error, StringComparison.Ordinal);
            Assert.Contains(problem, refused.Error, StringComparison.Ordinal);
            Assert.Contains(remedy, refused.Error, StringComparison.Ordinal);
            Assert.Single(refused.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        Assert.Equal(bad, await File.ReadAllBytesAsync(JournalFile));
        await File.WriteAllBytesAsync(JournalFile, good);
        Assert.Equal(ExitCode.Ok, (await Invocation.Of("audit", "verify", "--data-folder", _folder.Path)).ExitCode);
    }

    [Fact]
    public async Task Full_disk_is_not_taken_for_a_data_folder_in_use()
    {
        using var disk = new SmallDisk(Path.Combine(_folder.Path, "small"), "1m");
        disk.Fill();

        var refused = await Invocation.Of("up", "--data-folder", disk.Folder);

        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.StartsWith($"kratix.data-folder = {disk.Folder} cannot be written: No space left on device", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Free space there", refused.Error, StringComparison.Ordinal);
        disk.Empty();
        DataFolderLock.Take(disk.Folder).Dispose();
    }

    /// <summary>A process that once ran there left its number; nobody must be sent after whoever has that number now.</summary>
    [Fact]
    public async Task Disk_that_is_mounted_read_only_is_not_taken_for_a_data_folder_in_use()
    {
        using var disk = new SmallDisk(Path.Combine(_folder.Path, "small"), "1m");
        DataFolderLock.Take(disk.Folder).Dispose();
        disk.Remount("ro");

        var refused = await Invocation.Of("up", "--data-folder", disk.Folder);

        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.StartsWith($"kratix.data-folder = {disk.Folder} cannot be written: Read-only file system", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_that_is_taken_is_named_with_the_settings_that_choose_another()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var refused = await Invocation.Of("up", "--data-folder", _folder.Path, "--set", $"kratix.http.port={port}");

        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.StartsWith($"Failed to bind to address http://127.0.0.1:{port}: address already in use. Stop what listens there", refused.Error, StringComparison.Ordinal);
        Assert.Contains("kratix.http.port", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_that_finds_no_room_for_its_lines_says_so()
    {
        await using (var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = JournalFile }, default))
        {
            var epoch = (await journal.TakeShards([1], "node-1", default))[1];
            await journal.Append(
                new JournalAppend(
                    new EntityKey("promise", "redis"), 1, epoch, 0, "observed", "{}"u8.ToArray(), "{}"u8.ToArray(), new EntityIndex("Available", "", "", null), "test", "test", "node-1",
                    DateTimeOffset.UnixEpoch), default);
        }

        using var disk = new SmallDisk(Path.Combine(_folder.Path, "small"), "1m");
        disk.Fill();
        await using var file = new FileStream(Path.Combine(disk.Folder, "events.jsonl"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var lines = new StreamWriter(file) { AutoFlush = true };
        using var error = new StringWriter();

        var exitCode = await KratixCommand.Run(
            ["audit", "export", "--data-folder", _folder.Path], new Terminal(lines, error, Colours: false, Width: null), new Dictionary<string, string>(), default);

        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.StartsWith("No space left on device", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Look whether the disk is full", error.ToString(), StringComparison.Ordinal);
    }

    private void Meddle(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={JournalFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    private static byte[] Damaged(byte[] good, int from)
    {
        var bad = (byte[])good.Clone();
        new Random(1).NextBytes(bad.AsSpan(from));
        return bad;
    }
}
