using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>Destinations whose files are not nested: what requests leave there, change and take away again.</summary>
public sealed class FilepathModeTests
{
    [Fact, Conformance("R100", "In the mode none requests of one Destination have their files side by side, each with a list of its own, and a deleted one takes only its own files.")]
    public void Requests_side_by_side_remove_only_their_own_files()
    {
        var bed = Bed("none");
        Run(bed, "a", ("output/a.yaml", "x: a\n"), ("output/sub/b.yaml", "x: b\n"));
        Run(bed, "b", ("output/c.yaml", "x: c\n"));
        Assert.Equal(["flat/a.yaml", "flat/c.yaml", "flat/sub/b.yaml"], Files(bed).Where(f => !f.Contains(".kratix/", StringComparison.Ordinal)));
        Assert.All(Files(bed).Where(f => f.Contains(".kratix/", StringComparison.Ordinal)), f => Assert.StartsWith("flat/.kratix/default-redis-", f, StringComparison.Ordinal));
        Assert.Equal(5, Files(bed).Count());

        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Files(bed).Count());
        Assert.Equal("x: c\n", bed.Text("flat/c.yaml"));
    }

    [Fact, Conformance("K26", "Two requests whose files have one path in the mode none: the second is shown failing with both names, and is written when the first is gone.")]
    public void Second_claim_on_a_path_is_an_error_until_the_first_is_gone()
    {
        var bed = Bed("none");
        Run(bed, "first", ("output/same.yaml", "x: 1\n"));
        Run(bed, "second", ("output/same.yaml", "x: 2\n"));

        Assert.Equal("x: 1\n", bed.Text("flat/same.yaml"));
        Assert.NotEqual("Settled", bed.Phase("second"));
        var error = bed.State("second").Works.Placements.Single().Error!;
        Assert.Contains("'flat/same.yaml'", error, StringComparison.Ordinal);
        Assert.Contains("second", error, StringComparison.Ordinal);
        Assert.Contains("first", error, StringComparison.Ordinal);

        bed.Delete(EngineBed.Redis, "default", "first");
        bed.Kit.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal("x: 2\n", bed.Text("flat/same.yaml"));
        Assert.Equal("Settled", bed.Phase("second"));
    }

    [Fact, Conformance("R101", "In the mode aggregatedYAML all requests of a Destination are in one file; a changed one changes there, a deleted one leaves it, the last one takes it along.")]
    public void Requests_share_one_file()
    {
        var bed = Bed("aggregatedYAML", "all.yaml");
        Run(bed, "a", ("output/1.yaml", "x: a1\n"), ("output/2.yaml", "x: a2\n"));
        Run(bed, "b", ("output/1.yaml", "x: b\n"));
        Assert.Equal(["flat/all.yaml"], Files(bed));
        Assert.Equal(["x: a1", "---", "x: a2", "---", "x: b"], Documents(bed));

        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        bed.Complete(bed.TakePlan(), ("output/2.yaml", "x: a3\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["x: a3", "---", "x: b"], Documents(bed));

        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Delete(EngineBed.Redis, "default", "b");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Files(bed));
    }

    private static EngineBed Bed(string mode, string? filename = null)
    {
        var bed = EngineBed.WithPromise();
        bed.Delete(Kinds.Destination, null, "worker");
        var flat = Samples.Destination("flat");
        flat["spec"]!["filepath"] = new JsonObject { ["mode"] = mode, ["filename"] = filename };
        bed.Create(Kinds.Destination, null, flat);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        return bed;
    }

    private static void Run(EngineBed bed, string name, params (string Path, string Text)[] output)
    {
        bed.Request(name);
        bed.Complete(bed.TakePlan(), output);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
    }

    private static IEnumerable<string> Files(EngineBed bed) => bed.Git.Files.Keys.Where(f => f.StartsWith("flat/", StringComparison.Ordinal));

    private static IEnumerable<string> Documents(EngineBed bed) =>
        bed.Text("flat/all.yaml").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#'));
}
