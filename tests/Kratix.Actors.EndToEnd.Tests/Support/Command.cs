using System.Diagnostics;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>What a finished command left: exit code and everything it said.</summary>
internal sealed record Said(int ExitCode, string Output, string Error)
{
    internal string All => Output + Error;
}

/// <summary>Runs programs as a user would, with a limit on their time.</summary>
internal static class Command
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    internal static async Task<Said> Try(string program, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Process.Start(StartInfo(program, arguments, environment))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; what it said tells why.
        }

        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program} {string.Join(' ', arguments)}' took longer than {Limit}; it said: {await output}{await error}");
        }

        return new Said(process.ExitCode, await output, await error);
    }

    internal static async Task<string> Run(string program, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var said = await Try(program, arguments, input, environment);
        return said.ExitCode == 0
            ? said.Output
            : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {said.ExitCode}: {said.All}{(input is null ? "" : $"\ninput was:\n{input}")}");
    }

    internal static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Checkout.Environment.Concat(environment ?? new Dictionary<string, string>()))
            start.Environment[name] = value;
        return start;
    }
}
