using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
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
    public async Task Show_tells_what_the_platform_s_ConfigMap_sets_and_why_a_later_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        var holds = new PlatformConfiguration { Values = new Dictionary<string, string> { ["kratix.reconcile.interval"] = "2h" } };
        PlatformFile.Write(folder.Path, new PlatformReport(holds, "numberOfJobsToKeep is \"many\"; write a whole number from 1 to 1000"));

        var shown = await Invocation.Of("config", "show", "--data-folder", folder.Path);

        Assert.Matches(@"kratix\.reconcile\.interval +2h +ConfigMap kratix-platform-system/kratix", shown.Out);
        Assert.Contains("is refused, the last good one holds: numberOfJobsToKeep is \"many\"", shown.Error, StringComparison.Ordinal);
        folder.File("platform-config.json", "{ half of");
        Assert.Matches(@"kratix\.reconcile\.interval +10h +reference\.conf", (await Invocation.Of("config", "show", "--data-folder", folder.Path)).Out);
    }

    [Fact]
    public void A_table_on_a_terminal_has_colours()
    {
        using var output = new StringWriter();
        new Terminal(output, output, Colours: true, Width: 100).Write(new Table().AddColumn("[bold]key[/]"));
        Assert.Contains('\u001b', output.ToString());
    }
}
