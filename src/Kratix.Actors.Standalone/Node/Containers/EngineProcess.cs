using System.Diagnostics;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Containers;

internal sealed record ProcessResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The engine's own last word, without its prefix.</summary>
    public string LastError => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } line
        ? line.StartsWith("Error: ", StringComparison.Ordinal) ? line["Error: ".Length..] : line
        : $"exit code {ExitCode}";
}

/// <summary>One call of the engine's command line.</summary>
internal sealed class EngineProcess(string command, IReadOnlyDictionary<string, string> environment)
{
    private const int KeptCharacters = 16 * 1024;

    /// <param name="input">Written to the command's standard input, which is then closed.</param>
    /// <param name="inherited">Set for this call only.</param>
    /// <param name="onOutput">Told each line of standard output instead of keeping it.</param>
    /// <param name="onError">Told each line of standard error besides keeping its end.</param>
    /// <exception cref="OperationCanceledException">The command was killed; what it had started in the engine goes on.</exception>
    public async Task<ProcessResult> Run(
        IEnumerable<string> arguments, CancellationToken ct, string input = "", IReadOnlyDictionary<string, string>? inherited = null, Action<string>? onOutput = null, Action<string>? onError = null)
    {
        ct.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        foreach (var (name, value) in inherited ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        await using var killing = ct.Register(process.Kill);
        var output = ReadAll(process.StandardOutput, onOutput);
        var errors = ReadEnd(process.StandardError, onError);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command ended without reading its input; its exit code and error text, read below, say why.
        }
        await process.WaitForExitAsync(CancellationToken.None);
        var result = new ProcessResult(process.ExitCode, await output, await errors);
        ct.ThrowIfCancellationRequested();
        return result;
    }

    private static async Task<string> ReadAll(StreamReader reader, Action<string>? onLine)
    {
        if (onLine is null) return await reader.ReadToEndAsync();
        while (await reader.ReadLineAsync() is { } line) onLine(line);
        return "";
    }

    private static async Task<string> ReadEnd(StreamReader reader, Action<string>? onLine)
    {
        var kept = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            onLine?.Invoke(line);
            kept.Append(line).Append('\n');
            if (kept.Length > KeptCharacters) kept.Remove(0, kept.Length - KeptCharacters);
        }
        return kept.ToString();
    }
}
