using Kratix.Actors.Host.Commands;

namespace Kratix.Actors.Host.Tests.Commands;

/// <summary>One call of the program, in this process.</summary>
internal sealed record Invocation(int ExitCode, string Out, string Error)
{
    internal static Task<Invocation> Of(params string[] args) => Of(args, new Dictionary<string, string>(), CancellationToken.None);

    internal static async Task<Invocation> Of(string[] args, IReadOnlyDictionary<string, string> environment, CancellationToken stop)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await KratixCommand.Run(args, new Terminal(output, error, Colours: false, Width: null), environment, stop);
        return new Invocation(exitCode, output.ToString(), error.ToString());
    }
}
