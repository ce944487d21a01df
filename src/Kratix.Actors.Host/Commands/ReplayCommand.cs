using System.CommandLine;
using Kratix.Actors.Host.Audit;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>replay --until</c>: the platform as it was, from the events up to then. A view; nothing is written and nothing runs.</summary>
internal static class ReplayCommand
{
    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var until = new Option<string>("--until") { Description = $"What to go back to: {AuditPoint.Times}.", Required = true };
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
            var point = AuditReports.Until(parsed.GetValue(until)!);
            await using var journal = await AuditCommand.Open(options.Load(parsed, environment).Settings, cancellation);
            return await new AuditReports(journal, terminal, parsed.GetValue(output)!).Replay(point, cancellation) ? ExitCode.Ok : ExitCode.Failure;
        });
        return replay;
    }
}
