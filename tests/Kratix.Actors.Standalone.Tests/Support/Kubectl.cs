using System.Diagnostics;

namespace Kratix.Actors.Standalone.Tests.Support;

/// <summary>The real kubectl, pointed at a test's server, with a cache of its own so that tests do not teach each other.</summary>
internal sealed class Kubectl(string program, string kubeconfig, string home)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The kubectl users have.</summary>
    public static string OnPath => Find("kubectl")
        ?? throw new InvalidOperationException("these tests drive the real kubectl and found none on PATH: install Debian's kubernetes-client, or run eng/install.sh");

    /// <summary>The minor version: Debian's is 20, and some flags are younger than it.</summary>
    public async Task<int> MinorVersion()
    {
        var version = System.Text.Json.Nodes.JsonNode.Parse((await Run("version --client -o json")).Succeeded().Out)!["clientVersion"]!["minor"]!.GetValue<string>();
        return int.Parse(version.TrimEnd('+'), System.Globalization.CultureInfo.InvariantCulture);
    }

    public sealed record Result(int ExitCode, string Out, string Error)
    {
        public string Text => Out + Error;

        public Result Succeeded() => ExitCode == 0 ? this : throw new InvalidOperationException($"kubectl failed with {ExitCode}: {Error}{Out}");

        public Result Failed() => ExitCode != 0 ? this : throw new InvalidOperationException($"kubectl was expected to fail and said: {Out}");
    }

    /// <summary>Runs a command line split at blanks; quote an argument with single quotes.</summary>
    public Task<Result> Run(string commandLine, string? stdin = null) => Run(Split(commandLine), stdin);

    public async Task<Result> Run(IReadOnlyList<string> arguments, string? stdin = null)
    {
        using var process = Start(arguments);
        if (stdin is not null) await process.StandardInput.WriteAsync(stdin);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new Result(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"kubectl {string.Join(' ', arguments)} did not end within {Limit}");
        }
    }

    public Task<Result> Apply(string manifest) => Run("apply -f -", manifest);

    /// <summary>A long-running command such as <c>get -w</c>; the caller reads its lines and kills it.</summary>
    public Process Start(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["HOME"] = home;
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public static List<string> Split(string commandLine)
    {
        var parts = new List<string>();
        var outside = true;
        foreach (var piece in commandLine.Split('\''))
        {
            if (outside) parts.AddRange(piece.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            else parts.Add(piece);
            outside = !outside;
        }
        return parts;
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
