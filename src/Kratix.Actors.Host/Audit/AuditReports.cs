using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Journal;
using Spectre.Console;

namespace Kratix.Actors.Host.Audit;

/// <summary>
/// What can be asked of the journal, answered in the form asked for: <c>table</c>, <c>json</c> or <c>yaml</c>. The command line and the engine's HTTP both
/// answer by it, so they say the same.
/// </summary>
/// <param name="terminal">Where the answer is written.</param>
internal sealed class AuditReports(IJournal journal, Terminal terminal, string format)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object's history; or, <paramref name="at"/> given, its state then; or, <paramref name="diff"/> given, what changed between two points.</summary>
    /// <exception cref="CommandException">There is no such object, or a point has no known form.</exception>
    internal async Task Object(string name, string? at, string? diff, CancellationToken cancellation)
    {
        var entity = await AuditTarget.Find(journal, name, cancellation);
        if (at is not null)
            Show(await AuditHistory.At(journal, entity, Point(at), cancellation));
        else if (diff is not null)
            await Difference(entity, diff, cancellation);
        else
            Show(await AuditTrail.Read(journal, entity, cancellation));
    }

    /// <param name="name">Null: everything.</param>
    /// <param name="head">What an earlier check ended with.</param>
    /// <returns>Whether all is as it was written.</returns>
    internal async Task<bool> Verify(string? name, string? head, CancellationToken cancellation)
    {
        var report = await AuditVerification.Verify(journal, await AuditTarget.FindIfNamed(journal, name, cancellation), head, cancellation);
        Show(report);
        return report.Faults.Count == 0;
    }

    /// <summary>Every object as it was at a time.</summary>
    internal async Task Replay(string until, CancellationToken cancellation)
    {
        if (AuditPoint.Parse(until) is not { Time: not null } point)
            throw new CommandException(ExitCode.Usage, $"until is '{until}'; write a time such as 2026-11-23T00:04:10Z");
        Show(await AuditHistory.All(journal, point, cancellation));
    }

    private static AuditPoint Point(string text) =>
        AuditPoint.Parse(text) ?? throw new CommandException(ExitCode.Usage, $"'{text}' is no point in a history; write {AuditPoint.Forms}");

    private void Show(AuditMoment moment)
    {
        if (moment.Sequence == 0)
            throw new CommandException(ExitCode.NotFound, $"{moment.Entity} was not known then");
        if (format == "table")
            terminal.Out.WriteLine($"# {moment.Entity} after event {moment.Sequence} of {AuditStories.Time(moment.Since!.Value)}: {moment.Phase}");
        Write(moment.State);
    }

    private async Task Difference(EntityKey entity, string range, CancellationToken cancellation)
    {
        if (range.Split("..") is not [var from, var to])
            throw new CommandException(ExitCode.Usage, $"diff is '{range}'; write two points as A..B, each {AuditPoint.Forms}");
        var before = await AuditHistory.At(journal, entity, Point(from), cancellation);
        var after = await AuditHistory.At(journal, entity, Point(to), cancellation);
        await terminal.Out.WriteLineAsync($"# {entity} from event {before.Sequence} ({before.Phase}) to event {after.Sequence} ({after.Phase})");
        foreach (var line in AuditDifference.Between(before.State, after.State))
            await terminal.Out.WriteLineAsync(line);
    }

    private void Show(IReadOnlyList<AuditEntry> entries)
    {
        if (format != "table")
        {
            Write(new JsonArray([.. entries.Select(Document)]));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("[bold]time[/]", "[bold]#[/]", "[bold]event[/]", "[bold]then[/]", "[bold]by[/]", "[bold]cause[/]", "[bold]what[/]");
        foreach (var (happened, phase, story) in entries)
            table.AddRow(
                AuditStories.Time(happened.Time), $"{happened.Sequence}", Markup.Escape(happened.Type), Markup.Escape(phase), Markup.Escape(happened.Actor),
                Markup.Escape(happened.Cause), Markup.Escape(string.Join('\n', story.Lines)));
        terminal.Write(table);
    }

    private static JsonObject Document(AuditEntry entry) => new()
    {
        ["sequence"] = entry.Event.Sequence,
        ["time"] = entry.Event.Time.UtcDateTime.ToString("O"),
        ["event"] = entry.Event.Type,
        ["phase"] = entry.Phase,
        ["actor"] = entry.Event.Actor,
        ["cause"] = entry.Event.Cause,
        ["node"] = entry.Event.Node,
        ["epoch"] = entry.Event.Epoch,
        ["story"] = new JsonArray([.. entry.Story.Lines.Select(line => JsonValue.Create(line))]),
        ["data"] = AuditExport.Payload(entry.Event),
        ["hash"] = entry.Event.Hash,
        ["previousHash"] = entry.Event.PreviousHash,
    };

    private void Show(AuditReport report)
    {
        if (format != "table")
        {
            Write(new JsonObject
            {
                ["events"] = report.Events,
                ["objects"] = report.Objects,
                ["folded"] = report.Folded,
                ["head"] = report.Head?.ToString(),
                ["faults"] = new JsonArray([.. report.Faults.Select(fault => new JsonObject
                {
                    ["object"] = fault.Entity.ToString(), ["sequence"] = fault.Sequence, ["problem"] = fault.Problem,
                })]),
            });
            return;
        }

        terminal.Out.WriteLine($"{report.Events} events of {report.Objects} objects: each hash and its link to the event before");
        terminal.Out.WriteLine($"{report.Folded} objects: their events, folded, against the stored state");
        if (report.Head is { } head)
            terminal.Out.WriteLine($"head {head} (kept elsewhere, it shows later whether events were cut off: audit verify --head)");
        foreach (var fault in report.Faults)
            terminal.Out.WriteLine($"WRONG {fault.Entity} event {fault.Sequence}: {fault.Problem}");
        terminal.Out.WriteLine(report.Faults.Count == 0 ? "all as it was written" : $"{report.Faults.Count} {(report.Faults.Count == 1 ? "fault" : "faults")}");
    }

    private void Show(IReadOnlyList<AuditMoment> moments)
    {
        if (format != "table")
        {
            Write(new JsonArray([.. moments.Select(m => new JsonObject
            {
                ["object"] = m.Entity.ToString(), ["sequence"] = m.Sequence, ["since"] = m.Since?.UtcDateTime.ToString("O"), ["phase"] = m.Phase, ["state"] = m.State,
            })]));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("[bold]object[/]", "[bold]was[/]", "[bold]since[/]", "[bold]#[/]");
        foreach (var moment in moments)
            table.AddRow(Markup.Escape(moment.Entity.ToString()), Markup.Escape(moment.Phase), AuditStories.Time(moment.Since!.Value), $"{moment.Sequence}");
        terminal.Write(table);
    }

    private void Write(JsonNode document) => terminal.Out.WriteLine((format == "json" ? document.ToJsonString(Indented) : Yaml.Write(document)).TrimEnd());
}
