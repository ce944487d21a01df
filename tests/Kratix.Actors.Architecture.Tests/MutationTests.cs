using System.Diagnostics;

namespace Kratix.Actors.Architecture.Tests;

public sealed class MutationTests
{
    public static TheoryData<string> Patches => [.. Repository.Matching("eng/mutations/", ".patch")];

    /// <summary>They are played by hand, and would be found broken only then.</summary>
    [Theory]
    [MemberData(nameof(Patches))]
    public void Mutation_still_fits_the_source(string patch)
    {
        var start = new ProcessStartInfo("git", ["apply", "--check", patch]) { WorkingDirectory = Repository.Root, RedirectStandardError = true };
        using var git = Process.Start(start)!;
        var said = git.StandardError.ReadToEnd();
        git.WaitForExit();

        Assert.True(git.ExitCode == 0, said);
    }
}
