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
    /// <exception cref="CommandException">There is no such object or event, or a point has no known form.</exception>
    /// <exception cref="AuditException">The events up to a point cannot be told.</exception>
    internal async Task Object(string name, string? at, string? diff, CancellationToken cancellation)
    {
        if (at is not null && diff is not null)
            throw new CommandException(ExitCode.Usage, "give --at or --diff, not both");
        var entity = await AuditTarget.Find(journal, name, cancellation);
        if (at is not null)
            Show(await At(entity, at, cancellation));
        else if (diff is not null)
            await Difference(entity, diff, cancellation);
        else
            Show(await AuditTrail.Read(journal, entity, cancellation));
    }

    /// <param name="name">Null: everything.</param>
    /// <param name="head">What an earlier check ended with.</param>
    /// <returns>Whether all is as it was written.</returns>
    /// <exception cref="CommandException">There is no such object, or the head has another form or is asked of one object.</exception>
    internal async Task<bool> Verify(string? name, string? head, CancellationToken cancellation)
    {
        // It stands for all events, and is only worth what the check of all of them is.
        if (name is not null && head is not null)
            throw new CommandException(ExitCode.Usage, $"the head {head} is of the whole journal; leave out {name} to check it");
        var report = await AuditVerification.Verify(journal, await AuditTarget.FindIfNamed(journal, name, cancellation), head, cancellation);
        Show(report);
        return report.Faults.Count == 0;
    }

    /// <summary>Every object as it was at a time; JSON and YAML are written as they are read.</summary>
    /// <returns>Whether all could be told.</returns>
    internal async Task<bool> Replay(AuditPoint until, CancellationToken cancellation)
    {
        var (told, all) = (0, true);
        var table = new Table().Border(TableBorder.Simple).AddColumns("[bold]object[/]", "[bold]was[/]", "[bold]since[/]", "[bold]#[/]");
        await foreach (var moment in AuditHistory.All(journal, until, cancellation))
        {
            all &= moment.Problem is null;
            if (format == "table")
                table.AddRow(
                    Markup.Escape(moment.Entity.ToString()), Markup.Escape(moment.Problem is { } problem ? $"{moment.Phase}: {problem}" : moment.Phase),
                    moment.Since is { } since ? AuditStories.Time(since) : "", moment.Sequence > 0 ? $"{moment.Sequence}" : "");
            else
                await terminal.Out.WriteLineAsync(format == "json" ? $"{(told == 0 ? "[" : ",")}\n{Text(Document(moment))}" : Text(new JsonArray(Document(moment))));
            told++;
        }

        if (format == "table")
            terminal.Write(table);
        else if (told == 0)
            await terminal.Out.WriteLineAsync("[]");
        else if (format == "json")
            await terminal.Out.WriteLineAsync("]");
        return all;
    }

    /// <exception cref="CommandException">It is no time.</exception>
    internal static AuditPoint Until(string text) => AuditPoint.Parse(text) is { Time: not null } point
        ? point
        : throw new CommandException(ExitCode.Usage, $"until is '{text}'; write {AuditPoint.Times}");

    private async Task<AuditMoment> At(EntityKey entity, string text, CancellationToken cancellation)
    {
        var point = AuditPoint.Parse(text) ?? throw new CommandException(ExitCode.Usage, $"'{text}' is no point in a history; write {AuditPoint.Forms}");
        var moment = await AuditHistory.At(journal, entity, point, cancellation);
        return moment.Sequence < point.Sequence
            ? throw new CommandException(ExitCode.NotFound, $"{entity} has no event {point.Sequence}; its last is {moment.Sequence}")
            : moment;
    }

    private void Show(AuditMoment moment)
    {
        if (moment.Sequence == 0)
            throw new CommandException(ExitCode.NotFound, $"{moment.Entity} was not known then");
        if (format == "table")
            terminal.Out.WriteLine($"# {moment.Entity} after event {moment.Sequence} of {AuditStories.Time(moment.Since!.Value)}: {moment.Phase}");
        Write(moment.State!);
    }

    private async Task Difference(EntityKey entity, string range, CancellationToken cancellation)
    {
        if (range.Split("..") is not [var from, var to])
            throw new CommandException(ExitCode.Usage, $"diff is '{range}'; write two points as A..B, each {AuditPoint.Forms}");
        var before = await At(entity, from, cancellation);
        var after = await At(entity, to, cancellation);
        var changes = AuditChange.Between(before.State, after.State);
        if (format != "table")
        {
            Write(new JsonObject
            {
                ["object"] = entity.ToString(),
                ["from"] = Point(before),
                ["to"] = Point(after),
                ["changes"] = new JsonArray([.. changes.Select(c => new JsonObject { ["path"] = c.Path, ["before"] = c.Before?.DeepClone(), ["after"] = c.After?.DeepClone() })]),
            });
            return;
        }

        await terminal.Out.WriteLineAsync($"# {entity} from event {before.Sequence} ({before.Phase}) to event {after.Sequence} ({after.Phase})");
        foreach (var line in changes.SelectMany(change => change.Lines()))
            await terminal.Out.WriteLineAsync(line);

        static JsonObject Point(AuditMoment moment) => new() { ["sequence"] = moment.Sequence, ["phase"] = moment.Phase };
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

    private static JsonObject Document(AuditMoment moment)
    {
        var document = new JsonObject
        {
            ["object"] = moment.Entity.ToString(), ["sequence"] = moment.Sequence, ["since"] = moment.Since?.UtcDateTime.ToString("O"), ["phase"] = moment.Phase, ["state"] = moment.State,
        };
        if (moment.Problem is { } problem)
            document["problem"] = problem;
        return document;
    }

    private void Write(JsonNode document) => terminal.Out.WriteLine(Text(document));

    private string Text(JsonNode document) => (format == "json" ? document.ToJsonString(Indented) : Yaml.Write(document)).TrimEnd();
}
