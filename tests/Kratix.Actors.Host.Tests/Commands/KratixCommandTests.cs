using Kratix.Actors.Host.Commands;

namespace Kratix.Actors.Host.Tests.Commands;

public sealed class KratixCommandTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("config", "show", "--help")]
    public async Task Help_shows_examples_and_exit_codes(params string[] args)
    {
        var help = await Invocation.Of(args);
        Assert.Equal(ExitCode.Ok, help.ExitCode);
        Assert.Contains("Examples:\n  kratix-actors", help.Out, StringComparison.Ordinal);
        Assert.Contains("3  another process has the data folder", help.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_command_shows_the_help_and_is_a_wrong_use()
    {
        var help = await Invocation.Of();
        Assert.Equal(ExitCode.Usage, help.ExitCode);
        Assert.Contains("Examples:", help.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Did you mean 'kratix-actors config show'?", "config", "shwo")]
    [InlineData("Did you mean 'kratix-actors up'?", "pu")]
    [InlineData("'kratix-actors up --help' shows what it takes.", "up", "--nonsense")]
    [InlineData("'xml' not recognized", "config", "show", "-o", "xml")]
    public async Task A_wrong_command_line_is_refused_with_a_hint(string hint, params string[] args)
    {
        var refused = await Invocation.Of(args);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains(hint, refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Out);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("config", "show")]
    public async Task A_wrong_setting_stops_the_command_with_the_reason(params string[] command)
    {
        var refused = await Invocation.Of([.. command, "--set", "kratix.http.prot=1"]);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Equal($"--set: kratix.http.prot is not a known key; did you mean kratix.http.port?{Environment.NewLine}", refused.Error);
    }

    [Fact]
    public async Task Version_names_the_program() => Assert.StartsWith("kratix-actors 0.", (await Invocation.Of("version")).Out, StringComparison.Ordinal);

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("", "xterm", true)]
    [InlineData("1", "xterm", false)]
    [InlineData(null, "dumb", false)]
    public void Colours_follow_NO_COLOR_and_TERM(string? noColor, string? term, bool wanted)
    {
        var environment = new Dictionary<string, string>();
        if (noColor is not null)
            environment["NO_COLOR"] = noColor;
        if (term is not null)
            environment["TERM"] = term;
        Assert.Equal(wanted, Terminal.WantsColours(environment));
    }
}
