namespace Kratix.Actors.Architecture.Tests;

public sealed class ConformancePageTests
{
    [Fact]
    public void Page_and_tests_agree()
    {
        var page = Repository.Text(ConformancePage.File);
        // eng/conformance.sh sets this to the folder with a run's results, or to "keep" for those the page already shows.
        if (Environment.GetEnvironmentVariable("CONFORMANCE_RESULTS") is { Length: > 0 } folder)
        {
            page = ConformancePage.Write(ConformancePage.Claims(), folder == "keep" ? ConformancePage.ResultsOnPage(page) : ConformancePage.Results(folder));
            File.WriteAllText(Repository.Full(ConformancePage.File), page);
        }
        var expected = ConformancePage.Claims().Select(claim => (claim.Number, claim.Sentence, claim.Test)).ToList();
        Assert.True(expected.SequenceEqual(ConformancePage.ClaimsOnPage(page)), $"{ConformancePage.File} and the tests disagree; run eng/conformance.sh");
    }

    [Fact]
    public void A_claim_is_read_with_its_class_and_method()
    {
        var claims = ConformancePage.ClaimsIn(
            """
            public sealed class RequestTests
            {
                [Fact, Conformance("R19", "A changed \"spec\" runs " +
                    "again.")]
                [Conformance("K4", "Both generations.")]
                public async Task Changing_the_spec_runs_again() => Assert.True(true);
            }
            """, "tests/X.cs").ToList();
        Assert.Equal(
            [
                new ConformanceClaim("R19", "A changed \"spec\" runs again.", "RequestTests.Changing_the_spec_runs_again", "tests/X.cs"),
                new ConformanceClaim("K4", "Both generations.", "RequestTests.Changing_the_spec_runs_again", "tests/X.cs"),
            ],
            claims);
    }

    [Fact]
    public void Page_gives_back_what_was_written_and_each_test_its_worst_result()
    {
        var claims = new[]
        {
            new ConformanceClaim("K4", "Both \\| generations.", "A.One", "tests/A.cs"),
            new ConformanceClaim("R2", "Second.", "B.Two", "tests/B.cs"),
            new ConformanceClaim("R10", "Tenth.", "Suite.Three", "tests/C.cs"),
        };
        var page = ConformancePage.Write(claims, new Dictionary<string, string> { ["A.One"] = "passed", ["Sqlite.Three"] = "failed", ["Fake.Three"] = "passed" });
        Assert.Equal(claims.Select(claim => (claim.Number, claim.Sentence, claim.Test)), ConformancePage.ClaimsOnPage(page));
        Assert.Contains("[A.One](../tests/A.cs) | passed |", page, StringComparison.Ordinal);
        Assert.Contains("[B.Two](../tests/B.cs) | not run |", page, StringComparison.Ordinal);
        Assert.Contains("[Suite.Three](../tests/C.cs) | failed |", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_of_a_theory_are_its_worst()
    {
        var folder = Directory.CreateTempSubdirectory("kratix-trx-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "run.trx"),
                """
                <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
                  <Results>
                    <UnitTestResult testId="1" outcome="Passed" /><UnitTestResult testId="2" outcome="Failed" /><UnitTestResult testId="3" outcome="NotExecuted" />
                  </Results>
                  <TestDefinitions>
                    <UnitTest id="1"><TestMethod className="N.A" name="One" /></UnitTest>
                    <UnitTest id="2"><TestMethod className="N.A" name="One" /></UnitTest>
                    <UnitTest id="3"><TestMethod className="N.B" name="Two" /></UnitTest>
                  </TestDefinitions>
                </TestRun>
                """);
            Assert.Equal(new Dictionary<string, string> { ["A.One"] = "failed", ["B.Two"] = "skipped" }, ConformancePage.Results(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
