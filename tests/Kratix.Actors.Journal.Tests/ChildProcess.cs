using System.Diagnostics;
using System.Runtime.InteropServices;
using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

/// <summary>This test assembly as another process: one that is killed in the middle of writing, or one without rights.</summary>
internal static partial class ChildProcess
{
    private const uint Nobody = 65534;

    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("no process was started");
    }

    public static Task<int> Main(string[] arguments) => arguments switch
    {
        ["write", var path] => WriteForEver(path),
        ["open", var path, var readOnly] => OpenWithoutRights(path, readOnly == "read-only"),
        _ => Task.FromResult(2),
    };

    /// <summary>Eight writers, each printing its entity and sequence once an event is acknowledged.</summary>
    private static async Task<int> WriteForEver(string path)
    {
        await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = path }, default);
        var epoch = (await journal.TakeShards([1], "child", default))[1];
        var output = TextWriter.Synchronized(Console.Out);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            var entity = Appends.Entity($"r{n}");
            for (var sequence = (await journal.Read(entity, default))?.Sequence ?? 0; ; sequence++)
            {
                if (await journal.Append(Appends.Of(entity, sequence, epoch: epoch), default) != AppendResult.Appended)
                    return;
                await output.WriteLineAsync($"{entity.Id} {sequence + 1}");
                await output.FlushAsync();
            }
        }));
        return 1;
    }

    /// <summary>Opens and appends as a user who may not write the folder; prints what comes of it.</summary>
    private static async Task<int> OpenWithoutRights(string path, bool readOnly)
    {
        // Everything is loaded before the rights go: the program's own files may not be readable for that user.
        var warm = Directory.CreateTempSubdirectory("kratix-journal-warm-").FullName;
        await Use(Path.Combine(warm, "journal.db"), readOnly: false);
        await Use(Path.Combine(warm, "journal.db"), readOnly: true);
        await Use(Path.Combine(warm, "nothing", "journal.db"), readOnly: true);
        Directory.Delete(warm, recursive: true);
        if (Environment.IsPrivilegedProcess && SetEffectiveUser(Nobody) != 0)
            return 3;
        Console.WriteLine(await Use(path, readOnly));
        return 0;
    }

    private static async Task<string> Use(string path, bool readOnly)
    {
        try
        {
            await using var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = path, ReadOnly = readOnly }, default);
            if (!readOnly)
                await journal.TakeShards([1], "child", default);
            return $"{(await journal.Events(null, 0, default).All()).Count} events";
        }
        catch (JournalException e)
        {
            return e.Message;
        }
    }

    [LibraryImport("libc", EntryPoint = "seteuid", SetLastError = true)]
    private static partial int SetEffectiveUser(uint user);
}
