using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Kratix.Actors.Host.Commands;

/// <summary>A command whose help ends with what one would type.</summary>
/// <param name="examples">Command lines, each followed by a blank-separated remark, as they are printed.</param>
internal sealed class TaughtCommand(string name, string description, string examples) : Command(name, description)
{
    internal string Examples { get; } = examples;
}

/// <summary>The usual help, then the examples, then the exit codes.</summary>
internal sealed class TeachingHelp(HelpAction usual, string rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var examples = parseResult.CommandResult.Command is TaughtCommand taught ? taught.Examples : rootExamples;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var line in examples.Split('\n'))
            output.WriteLine($"  {line}");
        output.WriteLine();
        output.WriteLine(ExitCode.Meaning);
        return ExitCode.Ok;
    }
}
