using System.Diagnostics;

namespace Kratix.Actors.Architecture.Tests;

public sealed class SummaryScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-summary-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Results_of_several_projects_are_summed()
    {
        Run("Completed", total: 3, executed: 3, passed: 3);
        Run("Completed", total: 5, executed: 4, passed: 4);
        Assert.Equal((0, "7 passed, 0 failed, 1 skipped"), Summary());
    }

    [Fact]
    public void A_failure_ends_with_1()
    {
        Run("Failed", total: 3, executed: 3, passed: 1);
        Assert.Equal((1, "1 passed, 2 failed"), Summary());
    }

    [Fact]
    public void A_run_that_broke_off_is_a_failure_even_where_no_test_failed()
    {
        Run("Failed", total: 3, executed: 3, passed: 3);
        Assert.Equal((1, "3 passed, 1 failed"), Summary());
    }

    [Fact]
    public void A_run_without_tests_is_no_success() => Assert.Equal((1, "0 passed, 0 failed"), Summary());

    private void Run(string outcome, int total, int executed, int passed) => File.WriteAllText(
        Path.Combine(_folder, $"{Directory.GetFiles(_folder).Length}.trx"),
        $"""<TestRun><ResultSummary outcome="{outcome}"><Counters total="{total}" executed="{executed}" passed="{passed}" failed="{executed - passed}" error="0" /></ResultSummary></TestRun>""");

    private (int ExitCode, string Line) Summary()
    {
        using var script = Process.Start(new ProcessStartInfo(Repository.Full("eng/summary.sh"), [_folder]) { RedirectStandardOutput = true })!;
        var output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        return (script.ExitCode, output.Trim().Split('\n')[^1]);
    }
}
