using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kratix.Actors.Host.Configuration;
using Spectre.Console;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>config show</c>: what holds, and who said so.</summary>
internal static class ConfigCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var output = new Option<string>("-o", "--output") { Description = "table or json.", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json");
        var show = new TaughtCommand(
            "show", "Print every setting with its effective value and where that comes from: file and line, variable, --set, or the platform's ConfigMap.",
            """
            kratix-actors config show
            kratix-actors config show --config my.conf --set kratix.http.port=9000
            KRATIX_RECONCILE_INTERVAL=1h kratix-actors config show -o json
            """) { output };
        options.AddTo(show);
        show.SetAction(parsed => Show(options.Load(parsed, environment), parsed.GetValue(output)!, terminal));
        return new TaughtCommand("config", "The settings.", "kratix-actors config show") { show };
    }

    private static void Show(LoadedSettings loaded, string format, Terminal terminal)
    {
        var platform = PlatformFile.Read(loaded.Settings.DataFolder);
        if (platform?.Refused is { } refused)
            terminal.Error.WriteLine($"warning: {PlatformFile.Source} is refused, the last good one holds: {refused}");
        var effective = platform?.Over(loaded.Effective) ?? loaded.Effective;
        foreach (var warning in loaded.Warnings)
            terminal.Error.WriteLine($"warning: {warning}");
        if (format == "json")
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(effective, Indented));
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("[bold]key[/]", "[bold]value[/]", "[bold]from[/]");
        foreach (var setting in effective)
            table.AddRow(Markup.Escape(setting.Key), Markup.Escape(setting.Value), $"[dim]{Markup.Escape(setting.Source)}[/]");
        terminal.Write(table);
    }
}
