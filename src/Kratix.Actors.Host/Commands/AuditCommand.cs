using System.CommandLine;
using Kratix.Actors.Host.Audit;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>audit OBJECT</c> and <c>audit verify</c>. Both only look, so they work beside a running platform and without one.</summary>
internal static class AuditCommand
{
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
            await new AuditReports(journal, terminal, parsed.GetValue(output)!).Object(name, parsed.GetValue(at), parsed.GetValue(diff), cancellation);
            return ExitCode.Ok;
        });
        return audit;
    }

    private static TaughtCommand CreateVerify(SettingsOptions options, Option<string> output, Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var subject = new Argument<string?>("OBJECT") { Description = "Only this object.", Arity = ArgumentArity.ZeroOrOne };
        var head = new Option<string?>("--head") { Description = "What an earlier check of the whole journal ended with; shows whether newer events were cut off.", HelpName = "POSITION:HASH" };
        var verify = new TaughtCommand(
            "verify", "Check that the history is whole: each event's hash, its link to the one before, and that the events lead to the stored states.",
            """
            kratix-actors audit verify                            everything; ends with 1 when something is wrong
            kratix-actors audit verify redis/default/example      one object
            kratix-actors audit verify --head 1000:9f86d081…      and that it still begins as it did when it ended with that
            """) { subject, head };
        verify.SetAction(async (parsed, cancellation) =>
        {
            await using var journal = await Open(options.Load(parsed, environment).Settings, cancellation);
            var reports = new AuditReports(journal, terminal, parsed.GetValue(output)!);
            return await reports.Verify(parsed.GetValue(subject), parsed.GetValue(head), cancellation) ? ExitCode.Ok : ExitCode.Failure;
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
            await AuditExport.Write(journal, await AuditTarget.FindIfNamed(journal, parsed.GetValue(subject), cancellation), terminal.Out, cancellation);
            return ExitCode.Ok;
        });
        return export;
    }

    internal static async Task<IJournal> Open(KratixSettings settings, CancellationToken cancellation)
    {
        var path = DataFolder.Journal(settings.DataFolder);
        return File.Exists(path)
            ? await SqliteJournal.Open(new SqliteJournalOptions { Path = path, ReadOnly = true }, cancellation)
            : throw new CommandException(ExitCode.Usage, $"there is no journal {path}; name the folder that `kratix-actors up` uses with --data-folder");
    }
}
