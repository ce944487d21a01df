using Spectre.Console;

namespace Kratix.Actors.Host.Commands;

/// <summary>Where a command writes. Colours and a limited width only where a person looks at it.</summary>
/// <param name="Width">In characters; null where nobody counts them, as in a pipe.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool Colours, int? Width)
{
    internal static Terminal OfProcess(IReadOnlyDictionary<string, string> environment)
    {
        var shown = !Console.IsOutputRedirected;
        return new Terminal(Console.Out, Console.Error, shown && WantsColours(environment), shown ? Math.Max(80, Console.WindowWidth) : null);
    }

    /// <summary>The convention of no-color.org: any value of NO_COLOR but the empty one turns colours off.</summary>
    internal static bool WantsColours(IReadOnlyDictionary<string, string> environment) =>
        environment.GetValueOrDefault("NO_COLOR", "").Length == 0 && environment.GetValueOrDefault("TERM") != "dumb";

    internal void Write(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = Colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Out),
        });
        console.Profile.Width = Width ?? 4000;
        console.Write(table);
    }
}
