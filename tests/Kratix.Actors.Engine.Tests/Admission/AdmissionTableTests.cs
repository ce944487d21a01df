using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Admission;

/// <summary>The table of admission, as it is asked in the process.</summary>
public sealed class AdmissionTableTests
{
    public static TheoryData<int> Rows => [.. Enumerable.Range(0, AdmissionTable.Rows.Count)];

    [Theory, MemberData(nameof(Rows))]
    [Conformance("R7", "Group, kind, plural and names of an API are immutable; its schema is not.")]
    public async Task Write_is_answered_as_the_table_says(int number)
    {
        var row = AdmissionTable.Rows[number];
        var rules = new AdmissionRules(await AdmissionTable.World(TimeProvider.System), new AdmissionTable.DryRuns(), Samples.Settings);
        var verdict = await rules.Review(new AdmissionQuestion(row.Operation, row.Kind, row.Name, row.Object, row.Before), CancellationToken.None);

        if (row.Refusal is null)
            Assert.True(verdict.Refusal is null, $"{row}: {verdict.Refusal}");
        else
            Assert.Contains(row.Refusal, verdict.Refusal, StringComparison.Ordinal);
        if (row.Warning is null)
            Assert.Empty(verdict.Warnings);
        else
            Assert.Contains(verdict.Warnings, w => w.Contains(row.Warning, StringComparison.Ordinal));
    }
}
