using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>A Destination that is given another path or another state store takes the files along that it has.</summary>
public sealed class MovedDestinationTests
{
    [Theory, Conformance("K31", "Files of requests and Promises move with a Destination that is given another path: they are written there, and taken back where they were.")]
    [InlineData("nestedByMetadata")]
    [InlineData("none")]
    [InlineData("aggregatedYAML")]
    public void Files_move_with_their_Destination(string mode)
    {
        var bed = With(mode);
        var before = bed.Git.Files.Keys.Order(StringComparer.Ordinal).ToList();
        Assert.All(before, p => Assert.StartsWith("worker/", p, StringComparison.Ordinal));

        Move(bed, Path("elsewhere"));
        Assert.Equal(before.Select(p => p.Replace("worker/", "elsewhere/", StringComparison.Ordinal)), bed.Git.Files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.StartsWith("elsewhere", bed.Redis1("a")["status"]!["kratix"]!["placements"]![0]!["path"]!.ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Plans);

        Move(bed, Path("worker"));
        Assert.Equal(before, bed.Git.Files.Keys.Order(StringComparer.Ordinal));
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.DoesNotContain(bed.Git.Files.Values, f => System.Text.Encoding.UTF8.GetString(f).Contains("size: one", StringComparison.Ordinal));
    }

    [Fact]
    public void Files_that_move_to_another_store_do_not_wait_for_the_one_that_fails_and_are_taken_back_when_it_answers()
    {
        var bed = With("nestedByMetadata");
        var other = Samples.Store("https://git.example.org/other");
        other["metadata"]!["name"] = "other";
        bed.Create(Kinds.GitStateStore, null, other);
        bed.Git.FailWith = ("away", null);
        Move(bed, new JsonObject { ["spec"] = new JsonObject { ["stateStoreRef"] = new JsonObject { ["name"] = "other" } } });
        Assert.Equal((2, 2, "Writing"), (bed.Stores.Store("https://git.example.org/other#main").Files.Count, bed.Git.Files.Count, bed.Phase("a")));

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(bed.Git.Files);
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Files_of_a_Destination_that_moved_while_the_engine_was_away_follow_at_the_next_run()
    {
        var bed = With("nestedByMetadata");
        bed = bed.Restarted(OnStart.Off, () => bed.Kubernetes.Patch(Kinds.Destination, null, "worker", PatchKind.Merge, Path("elsewhere"), null, CancellationToken.None));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: two\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(2, bed.Git.Files.Count);
        Assert.All(bed.Git.Files.Keys, p => Assert.StartsWith("elsewhere/", p, StringComparison.Ordinal));
    }

    /// <summary>A Promise with a dependency and a request, both written at <c>worker/</c>.</summary>
    private static EngineBed With(string mode)
    {
        var promise = Samples.Promise();
        promise["spec"]!["dependencies"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "redis" } });
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Delete(Kinds.Destination, null, "worker");
        var destination = Samples.Destination("worker", ("environment", "dev"));
        destination["spec"]!["filepath"] = new JsonObject { ["mode"] = mode };
        bed.Create(Kinds.Destination, null, destination);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: one\n"));
        Assert.Equal("Settled", bed.Phase("a"));
        return bed;
    }

    private static JsonObject Path(string path) => new() { ["spec"] = new JsonObject { ["path"] = path } };

    private static void Move(EngineBed bed, JsonObject patch)
    {
        bed.Patch(Kinds.Destination, null, "worker", patch);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
    }
}
