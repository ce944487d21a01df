using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Kratix.Actors.StateStores.Git;

/// <summary>What a finished git command left behind. <paramref name="Output"/>: standard output as bytes; <paramref name="Errors"/>: standard error as text.</summary>
internal sealed record GitResult(int ExitCode, byte[] Output, string Errors, bool TimedOut)
{
    public bool Succeeded => ExitCode == 0 && !TimedOut;

    public string Text => Encoding.UTF8.GetString(Output);
}

/// <summary>Runs one git command to its end, or kills it and all it started when its time is over or the caller gives up.</summary>
internal sealed class GitProcess(GitStateStoresOptions options)
{
    // Enough for any listing asked for here; a remote that floods standard error is cut off, not collected.
    private const int MostErrorCharacters = 64 * 1024;

    /// <summary>Feeds the command its input, if any, and collects what it prints.</summary>
    public async Task<GitResult> Run(
        string folder, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments,
        Func<Stream, CancellationToken, Task>? input, CancellationToken cancellation)
    {
        using var output = new MemoryStream();
        var result = await Converse(folder, environment, arguments, Transfer, cancellation);
        return result with { Output = output.ToArray() };

        async Task Transfer(Stream to, Stream from, CancellationToken stop)
        {
            var reading = from.CopyToAsync(output, stop);
            await Feed(to, input, stop);
            await reading;
        }
    }

    /// <summary>Talks with the command; its input is closed when <paramref name="talk"/> is over. The answer's output is empty.</summary>
    public async Task<GitResult> Converse(
        string folder, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments,
        Func<Stream, Stream, CancellationToken, Task> talk, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.CommandTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var process = Start(StartInfo(folder, environment, arguments));
        using var kill = either.Token.Register(() => Kill(process));
        var complaining = ReadErrors(process.StandardError, either.Token);
        try
        {
            // A grandchild that escaped the kill may hold the pipes open: the waiting ends with the token, not with the pipe.
            await Talk(process, talk, either.Token).WaitAsync(either.Token);
            await complaining.WaitAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            return new GitResult(process.ExitCode, [], complaining.Result, TimedOut: false);
        }
        catch (Exception) when (either.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            return new GitResult(-1, [], complaining.IsCompletedSuccessfully ? complaining.Result : "", TimedOut: true);
        }
        finally
        {
            // Nothing is left running whichever way this ends, also when the talk itself failed.
            Kill(process);
        }
    }

    private static async Task Talk(Process process, Func<Stream, Stream, CancellationToken, Task> talk, CancellationToken cancellation)
    {
        await talk(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, cancellation);
        await Feed(process.StandardInput.BaseStream, null, cancellation);
    }

    private ProcessStartInfo StartInfo(string folder, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(options.GitExecutable)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new GitUnusableException($"'{start.FileName}' did not start");
        }
        catch (Win32Exception e)
        {
            throw new GitUnusableException($"'{start.FileName}' cannot be started in '{start.WorkingDirectory}': {e.Message}", e);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            // Killing a tree looks at every process of the machine first, which nearly always would be for nothing.
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself between the decision and the signal: what was wanted.
            Debug.WriteLine(e.Message);
        }
    }

    private static async Task Feed(Stream stream, Func<Stream, CancellationToken, Task>? input, CancellationToken cancellation)
    {
        try
        {
            if (input is not null)
                await input(stream, cancellation);
            await stream.DisposeAsync();
        }
        catch (IOException)
        {
            // The command stopped reading: its exit code and its complaint tell why, better than a broken pipe does.
        }
    }

    private static async Task<string> ReadErrors(StreamReader errors, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        while (await errors.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            if (text.Length < MostErrorCharacters)
                text.Append(buffer, 0, count);
        }

        return text.ToString();
    }
}

/// <summary>The git executable itself, or the folder it works in, cannot be used.</summary>
internal sealed class GitUnusableException(string message, Exception? inner = null) : Exception(message, inner);
