using System.Diagnostics;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Entries;

/// <summary>The wrapper, run by this machine's shell.</summary>
public sealed class StepWrapperTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wrapper").FullName;

    private string ExitCode => Path.Combine(_folder, ".step");

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    [Conformance("K7", "A step with onError: continue does not fail its Task, and its exit code is kept.")]
    public async Task Failure_is_noted_where_the_Task_is_to_continue()
    {
        Assert.Equal(0, (await Run(true, null, "sh", "-c", "exit 3")).ExitCode);
        Assert.Equal("3\n", await File.ReadAllTextAsync(ExitCode));
    }

    [Fact]
    public async Task Success_is_noted_too()
    {
        Assert.Equal((0, "a b\n"), await Run(true, null, "echo", "a b"));
        Assert.Equal("0\n", await File.ReadAllTextAsync(ExitCode));
    }

    [Fact]
    public async Task Command_that_is_not_there_is_a_failure_like_any_other()
    {
        Assert.Equal(0, (await Run(true, null, "/no/such/command")).ExitCode);
        Assert.Equal("127\n", await File.ReadAllTextAsync(ExitCode));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Step_within_its_limit_ends_as_it_ends(int code) =>
        Assert.Equal(code, (await Run(false, TimeSpan.FromSeconds(20), "sh", "-c", $"exit {code}")).ExitCode);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Conformance("K7", "A step that reaches its timeout fails its Task, also with onError: continue.")]
    public async Task Step_that_reaches_its_limit_is_killed_and_fails(bool continues)
    {
        // Deaf to all it could hear; only the kernel ends it.
        Assert.Equal(124, (await Run(continues, TimeSpan.FromMilliseconds(1), "sh", "-c", "trap '' TERM INT; while :; do sleep 10; done")).ExitCode);
        Assert.False(File.Exists(ExitCode));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signal_to_end_reaches_the_step_and_is_no_failure_to_go_on_after(bool continues)
    {
        using var process = Start(continues, null, "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done");
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync();
        Assert.Equal(5, process.ExitCode);
        Assert.False(File.Exists(ExitCode));
    }

    private async Task<(int ExitCode, string Output)> Run(bool continues, TimeSpan? timeout, params string[] command)
    {
        using var process = Start(continues, timeout, command);
        await process.WaitForExitAsync();
        // What the step left running may hold the pipe open, so this is not read to its end but to what is there by now.
        return (process.ExitCode, timeout is null ? await process.StandardOutput.ReadToEndAsync() : "");
    }

    private Process Start(bool continues, TimeSpan? timeout, params string[] command)
    {
        var script = Path.Combine(_folder, "run_step");
        File.WriteAllText(script, StepWrapper.Script);
        var words = StepWrapper.Command(script, continues ? ExitCode : null, timeout).Concat(command).ToList();
        return Process.Start(new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardOutput = true })!;
    }
}
