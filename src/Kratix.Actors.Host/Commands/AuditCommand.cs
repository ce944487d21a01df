using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Host.Audit;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Journal;
using Spectre.Console;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>audit OBJECT</c> and <c>audit verify</c>. Both only look, so they work beside a running platform and without one.</summary>
internal static class AuditCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var output = new Option<string>("-o", "--output") { Description = "table, json or yaml.", DefaultValueFactory = _ => "table", Recursive = true };
        output.AcceptOnlyFromAmong("table", "json", "yaml");
        var subject = new Argument<string?>("OBJECT") { Description = $"The object, in one of these forms:\n  {AuditTarget.Forms}", Arity = ArgumentArity.ZeroOrOne };
        var at = new Option<string?>("--at") { Description = $"Show the object's state then instead: {AuditPoint.Forms}." };
        var diff = new Option<string?>("--diff") { Description = "Show how the state changed between two points, written A..B." };
        var audit = new TaughtCommand(
            "audit", "Show everything that happened to an object: when, why, who asked, each step and its exit code, each commit.",
            """
            kratix-actors audit redis/default/example             one request, as a table
            kratix-actors audit promise/redis -o yaml             a Promise, with every event in full
            kratix-actors audit redis/default/example -o json | jq '.[].event'
            kratix-actors audit redis/default/example --at 2026-11-23T00:04:10Z    its state then
            kratix-actors audit redis/default/example --diff 3..5                  what changed between two events, or two times
            kratix-actors audit verify                            check that nobody changed the history
            kratix-actors audit export > events.jsonl             everything, as CloudEvents
            """) { subject, output, at, diff, CreateVerify(options, output, terminal, environment), CreateExport(options, terminal, environment) };
        options.AddTo(audit, recursive: true);
        audit.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(subject) ?? throw new CommandException(ExitCode.Usage, $"audit needs an object, or verify; objects are written\n  {AuditTarget.Forms}");
            await using var journal = await Open(options.Load(parsed, environment).Settings, cancellation);
            var entity = await AuditTarget.Find(journal, name, cancellation);
            if (parsed.GetValue(at) is { } point)
                Show(await AuditHistory.At(journal, entity, Point(point), cancellation), parsed.GetValue(output)!, terminal);
            else if (parsed.GetValue(diff) is { } range)
                await Difference(journal, entity, range, terminal, cancellation);
            else
                Show(await AuditTrail.Read(journal, entity, cancellation), parsed.GetValue(output)!, terminal);
            return ExitCode.Ok;
        });
        return audit;
    }

    private static TaughtCommand CreateVerify(SettingsOptions options, Option<string> output, Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var subject = new Argument<string?>("OBJECT") { Description = "Only this object.", Arity = ArgumentArity.ZeroOrOne };
        var verify = new TaughtCommand(
            "verify", "Check that the history is whole: each event's hash, its link to the one before, and that the events lead to the stored states.",
            """
            kratix-actors audit verify                            everything; ends with 1 when something is wrong
            kratix-actors audit verify redis/default/example      one object
            """) { subject };
        verify.SetAction(async (parsed, cancellation) =>
        {
            await using var journal = await Open(options.Load(parsed, environment).Settings, cancellation);
            var entity = parsed.GetValue(subject) is { } name ? await AuditTarget.Find(journal, name, cancellation) : (EntityKey?)null;
            var report = await AuditVerification.Verify(journal, entity, cancellation);
            Show(report, parsed.GetValue(output)!, terminal);
            return report.Faults.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
        });
        return verify;
    }

    private static TaughtCommand CreateExport(SettingsOptions options, Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var subject = new Argument<string?>("OBJECT") { Description = "Only this object.", Arity = ArgumentArity.ZeroOrOne };
        var export = new TaughtCommand(
            "export", "Write events as CloudEvents, one JSON object a line, oldest first.",
            """
            kratix-actors audit export > events.jsonl             everything
            kratix-actors audit export redis/default/example      one object
            """) { subject };
        export.SetAction(async (parsed, cancellation) =>
        {
            await using var journal = await Open(options.Load(parsed, environment).Settings, cancellation);
            var entity = parsed.GetValue(subject) is { } name ? await AuditTarget.Find(journal, name, cancellation) : (EntityKey?)null;
            await foreach (var happened in journal.Events(entity, 0, cancellation))
                await terminal.Out.WriteLineAsync(AuditExport.CloudEvent(happened).ToJsonString());
            return ExitCode.Ok;
        });
        return export;
    }

    private static AuditPoint Point(string text) =>
        AuditPoint.Parse(text) ?? throw new CommandException(ExitCode.Usage, $"'{text}' is no point in a history; write {AuditPoint.Forms}");

    private static void Show(AuditMoment moment, string format, Terminal terminal)
    {
        if (moment.Sequence == 0)
            throw new CommandException(ExitCode.NotFound, $"{moment.Entity} was not known then");
        if (format == "table")
            terminal.Out.WriteLine($"# {moment.Entity} after event {moment.Sequence} of {AuditStories.Time(moment.Since!.Value)}: {moment.Phase}");
        Write(moment.State, format == "json" ? "json" : "yaml", terminal);
    }

    private static async Task Difference(IJournal journal, EntityKey entity, string range, Terminal terminal, CancellationToken cancellation)
    {
        if (range.Split("..") is not [var from, var to])
            throw new CommandException(ExitCode.Usage, $"--diff is '{range}'; write two points as A..B, each {AuditPoint.Forms}");
        var before = await AuditHistory.At(journal, entity, Point(from), cancellation);
        var after = await AuditHistory.At(journal, entity, Point(to), cancellation);
        await terminal.Out.WriteLineAsync($"# {entity} from event {before.Sequence} ({before.Phase}) to event {after.Sequence} ({after.Phase})");
        foreach (var line in AuditDifference.Between(before.State, after.State))
            await terminal.Out.WriteLineAsync(line);
    }

    internal static async Task<IJournal> Open(KratixSettings settings, CancellationToken cancellation)
    {
        var path = DataFolder.Journal(settings.DataFolder);
        return File.Exists(path)
            ? await SqliteJournal.Open(new SqliteJournalOptions { Path = path, ReadOnly = true }, cancellation)
            : throw new CommandException(ExitCode.Usage, $"there is no journal {path}; name the folder that `kratix-actors up` uses with --data-folder");
    }

    private static void Show(IReadOnlyList<AuditEntry> entries, string format, Terminal terminal)
    {
        if (format != "table")
        {
            Write(new JsonArray([.. entries.Select(Document)]), format, terminal);
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

    private static void Show(AuditReport report, string format, Terminal terminal)
    {
        if (format != "table")
        {
            Write(new JsonObject
            {
                ["events"] = report.Events,
                ["objects"] = report.Objects,
                ["folded"] = report.Folded,
                ["faults"] = new JsonArray([.. report.Faults.Select(fault => new JsonObject
                {
                    ["object"] = fault.Entity.ToString(), ["sequence"] = fault.Sequence, ["problem"] = fault.Problem,
                })]),
            }, format, terminal);
            return;
        }
        terminal.Out.WriteLine($"{report.Events} events of {report.Objects} objects: each hash and its link to the event before");
        terminal.Out.WriteLine($"{report.Folded} objects: their events, folded, against the stored state");
        foreach (var fault in report.Faults)
            terminal.Out.WriteLine($"WRONG {fault.Entity} event {fault.Sequence}: {fault.Problem}");
        terminal.Out.WriteLine(report.Faults.Count == 0 ? "all as it was written" : $"{report.Faults.Count} {(report.Faults.Count == 1 ? "fault" : "faults")}");
    }

    internal static void Write(JsonNode document, string format, Terminal terminal) =>
        terminal.Out.WriteLine((format == "json" ? document.ToJsonString(Indented) : Yaml.Write(document)).TrimEnd());
}
