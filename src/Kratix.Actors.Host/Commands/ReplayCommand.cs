using System.CommandLine;
using System.Text.Json.Nodes;
using Kratix.Actors.Host.Audit;
using Spectre.Console;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>replay --until</c>: the platform as it was, from the events up to then. A view; nothing is written and nothing runs.</summary>
internal static class ReplayCommand
{
    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var until = new Option<string>("--until") { Description = "The time to go back to, such as 2026-11-23T00:04:10Z.", Required = true };
        var output = new Option<string>("-o", "--output") { Description = "table, json or yaml.", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json", "yaml");
        var replay = new TaughtCommand(
            "replay", "Show every object as it was at a time, told again from the events up to then.",
            """
            kratix-actors replay --until 2026-11-23T00:04:10Z          each object and where it stood
            kratix-actors replay --until 2026-11-23T00:04:10Z -o yaml  with whole states
            """) { until, output };
        options.AddTo(replay);
        replay.SetAction(async (parsed, cancellation) =>
        {
            var text = parsed.GetValue(until)!;
            if (AuditPoint.Parse(text) is not { Time: not null } point)
                throw new CommandException(ExitCode.Usage, $"--until is '{text}'; write a time such as 2026-11-23T00:04:10Z");
            await using var journal = await AuditCommand.Open(options.Load(parsed, environment).Settings, cancellation);
            Show(await AuditHistory.All(journal, point, cancellation), parsed.GetValue(output)!, terminal);
            return ExitCode.Ok;
        });
        return replay;
    }

    private static void Show(IReadOnlyList<AuditMoment> moments, string format, Terminal terminal)
    {
        if (format != "table")
        {
            AuditCommand.Write(new JsonArray([.. moments.Select(m => new JsonObject
            {
                ["object"] = m.Entity.ToString(), ["sequence"] = m.Sequence, ["since"] = m.Since?.UtcDateTime.ToString("O"), ["phase"] = m.Phase, ["state"] = m.State,
            })]), format, terminal);
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("[bold]object[/]", "[bold]was[/]", "[bold]since[/]", "[bold]#[/]");
        foreach (var moment in moments)
            table.AddRow(Markup.Escape(moment.Entity.ToString()), Markup.Escape(moment.Phase), AuditStories.Time(moment.Since!.Value), $"{moment.Sequence}");
        terminal.Write(table);
    }
}
