using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Kratix.Actors.Host.Audit;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Ports.Journal;
using Microsoft.AspNetCore.Connections;

namespace Kratix.Actors.Host.Commands;

/// <summary>The program <c>kratix-actors</c>: its commands, and the one place where failures become messages and exit codes.</summary>
internal static class KratixCommand
{
    private const string Examples =
        """
        kratix-actors up                                   start the platform; everything is kept in ./kratix-data
        kratix-actors audit redis/default/example          everything that happened to one request, and why
        kratix-actors audit verify                         check that nobody changed that history
        kratix-actors config show                          every setting, its value, and where it comes from
        """;

    internal static async Task<int> Run(IReadOnlyList<string> args, Terminal terminal, IReadOnlyDictionary<string, string> environment, CancellationToken stop)
    {
        var parsed = Root(terminal, environment).Parse([.. args]);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
                await terminal.Error.WriteLineAsync(error.Message);
            if (MeantCommand(parsed) is { } meant)
                await terminal.Error.WriteLineAsync($"Did you mean '{meant}'?");
            await terminal.Error.WriteLineAsync($"'{PathOf(parsed.CommandResult.Command)} --help' shows what it takes.");
            return ExitCode.Usage;
        }
        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
                // Signals are the caller's: see Program.
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, stop);
        }
        catch (ConfigurationException exception)
        {
            foreach (var problem in exception.Problems)
                await terminal.Error.WriteLineAsync(problem);
            return ExitCode.Usage;
        }
        catch (JournalException exception)
        {
            await terminal.Error.WriteLineAsync(exception.Message);
            return ExitCode.Failure;
        }
        catch (AuditException exception)
        {
            await terminal.Error.WriteLineAsync($"{exception.Message}; kratix-actors audit verify tells more");
            return ExitCode.Failure;
        }
        catch (CommandException exception)
        {
            await terminal.Error.WriteLineAsync(exception.Message);
            return exception.ExitCode;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await terminal.Error.WriteLineAsync($"{exception.Message.TrimEnd('.')}. " + (exception.InnerException is AddressInUseException
                ? "Stop what listens there, or choose another port with --set: kratix.http.port, kratix.api.port or kratix.admission.port; 0 takes any that is free"
                : "Look whether the disk is full, and who may write there"));
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await terminal.Error.WriteLineAsync("interrupted");
            return ExitCode.Failure;
        }
    }

    internal static string Version =>
        Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static RootCommand Root(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var version = new TaughtCommand("version", "Print the version and the commit it was built from.", "kratix-actors version");
        version.SetAction(_ => terminal.Out.WriteLine($"kratix-actors {Version}"));

        var root = new RootCommand("A platform engine: it runs Kratix Promises with actors and an audit trail.")
        {
            UpCommand.Create(terminal, environment),
            AuditCommand.Create(terminal, environment),
            ReplayCommand.Create(terminal, environment),
            GitOpsCommand.Create(terminal, environment),
            RescheduleCommand.Create(terminal, environment),
            ConfigCommand.Create(terminal, environment),
            AdapterCommand.Create(terminal, environment),
            version,
        };
        var option = root.Options.OfType<HelpOption>().Single();
        var help = new TeachingHelp((HelpAction)option.Action!, Examples);
        option.Action = help;
        root.SetAction(parsed =>
        {
            help.Invoke(parsed);
            return ExitCode.Usage;
        });
        return root;
    }

    private static string? MeantCommand(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is not [var written, ..] || written.StartsWith('-') || command.Subcommands.Count == 0)
            return null;
        var nearest = NearestKey.Among(command.Subcommands.Select(sub => sub.Name), written);
        return NearestKey.Distance(nearest, written) <= 2 ? $"{PathOf(command)} {nearest}" : null;
    }

    private static string PathOf(Command command) =>
        string.Join(' ', command.Parents.OfType<Command>().Take(1).Select(PathOf).Append(command is RootCommand ? "kratix-actors" : command.Name));
}

/// <summary>A command cannot do what it was asked; the message is for the person who asked.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    internal int ExitCode { get; } = exitCode;
}
