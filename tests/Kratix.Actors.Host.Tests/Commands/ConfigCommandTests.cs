using System.Text.Json.Nodes;
using Kratix.Actors.Host.Commands;
using Spectre.Console;

namespace Kratix.Actors.Host.Tests.Commands;

public sealed class ConfigCommandTests
{
    [Fact]
    public async Task Show_prints_each_value_and_its_source_without_colours_in_a_pipe()
    {
        var shown = await Invocation.Of("config", "show", "--data-folder", "/tmp/some where", "--set", "kratix.http.port=1");
        Assert.Equal(ExitCode.Ok, shown.ExitCode);
        Assert.Matches(@"kratix\.http\.port +1 +--set", shown.Out);
        Assert.Matches(@"kratix\.data-folder +/tmp/some where +--set", shown.Out);
        Assert.Matches(@"kratix\.reconcile\.interval +10h +reference\.conf:\d+", shown.Out);
        Assert.DoesNotContain('\u001b', shown.Out);
    }

    [Fact]
    public async Task Show_as_json_is_for_scripts_and_keeps_warnings_apart()
    {
        var shown = await Invocation.Of(["config", "show", "-o", "json"], new Dictionary<string, string> { ["KRATIX_LOG_LEVEL"] = "debug", ["KRATIX_LOG_LEVER"] = "x" }, CancellationToken.None);
        var level = JsonNode.Parse(shown.Out)!.AsArray().Single(setting => (string?)setting!["key"] == "kratix.log.level")!;
        Assert.Equal(("debug", "environment KRATIX_LOG_LEVEL"), ((string?)level["value"], (string?)level["source"]));
        Assert.Contains("warning: the environment variable KRATIX_LOG_LEVER sets nothing", shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_on_a_terminal_has_colours()
    {
        using var output = new StringWriter();
        new Terminal(output, output, Colours: true, Width: 100).Write(new Table().AddColumn("[bold]key[/]"));
        Assert.Contains('\u001b', output.ToString());
    }
}
