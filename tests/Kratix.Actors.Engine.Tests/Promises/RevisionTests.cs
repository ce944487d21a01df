using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

/// <summary>PromiseRevisions: what was installed when.</summary>
public sealed class RevisionTests
{
    [Theory]
    [InlineData("redis", "v0.1.0", "redis-77ba1")]
    [InlineData("redis", "not-set", "redis-5a7f3")]
    [InlineData("a-promise-whose-name-is-so-long-that-nothing-can-be-added-to-it", "not-set", "a-promise-whose-name-is-so-long-that-nothing-can-be-adde-5a7f3")]
    public void Revision_is_named_after_its_Promise_and_version(string promise, string version, string name) => Assert.Equal(name, RevisionPublisher.NameOf(promise, version));

    [Fact]
    public void Installed_versions_are_kept_as_revisions_and_the_last_one_is_the_latest()
    {
        var bed = EngineBed.WithPromise();
        var first = Assert.Single(bed.List(Kinds.PromiseRevision));
        Assert.Equal(("redis-5a7f3", "not-set", "redis"), (first.Name(), first["spec"]!["version"]!.ToString(), first["spec"]!["promiseRef"]!["name"]!.ToString()));
        Assert.True(JsonNode.DeepEquals(bed.Get(Kinds.Promise, null, "redis")!["spec"], first["spec"]!["promiseSpec"]));
        Assert.Equal("redis", first["metadata"]!["ownerReferences"]![0]!["name"]!.ToString());
        Assert.Equal((true, "true", "redis"), (Latest(first), first.Label(Marks.LatestRevision), first.Label(Marks.PromiseName)));

        bed.Patch(Kinds.Promise, null, "redis", Version("v1.0.0"));
        Assert.Equal([$"{RevisionPublisher.NameOf("redis", "v1.0.0")} True true", "redis-5a7f3 False "], Shown(bed));

        bed.Patch(Kinds.Promise, null, "redis", Version(null));
        Assert.Equal([$"{RevisionPublisher.NameOf("redis", "v1.0.0")} False ", "redis-5a7f3 True true"], Shown(bed));
        Assert.Equal(2, bed.Told("Promise", "redis").Count(e => e == "Normal RevisionCreated"));
    }

    [Fact]
    public void Version_that_is_applied_again_with_another_spec_has_that_spec_in_its_revision()
    {
        var bed = EngineBed.WithPromise();
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["workflows"] = new JsonObject { ["resource"] = null } } });

        var revision = Assert.Single(bed.List(Kinds.PromiseRevision));
        Assert.Null(revision["spec"]!["promiseSpec"]!["workflows"]!["resource"]);
        Assert.Equal(1, bed.Told("Promise", "redis").Count(e => e == "Normal RevisionCreated"));
    }

    [Fact]
    [Conformance("R20", "The annotation kratix.io/reconciliation-interval of the latest PromiseRevision, else of the Promise, goes before the Promise's spec.")]
    public void Interval_of_the_revision_goes_before_the_Promise_s_and_that_before_the_spec_s()
    {
        var bed = EngineBed.WithPromise(promise: Samples.Promise(interval: "5h"));
        Assert.Equal(TimeSpan.FromHours(5), IntervalOfNewRequest(bed, "a"));

        bed.Patch(Kinds.Promise, null, "redis", Annotation("3h"));
        Assert.Equal(TimeSpan.FromHours(3), IntervalOfNewRequest(bed, "b"));

        bed.Patch(Kinds.PromiseRevision, null, "redis-5a7f3", Annotation("2h"));
        Assert.Equal(TimeSpan.FromHours(2), IntervalOfNewRequest(bed, "c"));

        bed.Patch(Kinds.PromiseRevision, null, "redis-5a7f3", Annotation("10s"));
        Assert.Equal(TimeSpan.FromHours(3), IntervalOfNewRequest(bed, "d"));

        bed.Patch(Kinds.Promise, null, "redis", Annotation(null));
        Assert.Equal(TimeSpan.FromHours(5), IntervalOfNewRequest(bed, "e"));
    }

    private static TimeSpan IntervalOfNewRequest(EngineBed bed, string name)
    {
        bed.Request(name);
        bed.Complete(bed.TakePlan());
        return bed.State(name).Revision!.Interval;
    }

    private static JsonObject Version(string? version) => new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.PromiseVersion] = version } } };

    private static JsonObject Annotation(string? interval) => new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Marks.ReconciliationInterval] = interval } } };

    private static bool Latest(JsonObject revision) => revision["status"]!["latest"]!.GetValue<bool>();

    private static IEnumerable<string> Shown(EngineBed bed) => bed.List(Kinds.PromiseRevision).Select(r => $"{r.Name()} {Latest(r)} {r.Label(Marks.LatestRevision)}");
}
