using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

/// <summary>A Promise that needs others, and the others.</summary>
public sealed class RequiredPromisesTests
{
    [Fact, Conformance("R13", "Without what it requires a Promise is Unavailable and its requests are held; it becomes available without anybody's action.")]
    [Conformance("R15", "The required Promise's status lists who requires it.")]
    public void Promise_waits_for_what_it_requires_and_serves_when_that_is_there()
    {
        var bed = EngineBed.WithPromise(promise: Requiring("base", "v1.0.0"));
        bed.Request("a");
        var redis = bed.Get(Kinds.Promise, null, "redis")!;
        Assert.Equal("Unavailable", redis["status"]!["status"]!.ToString());
        Assert.Equal("Requirement not installed", redis["status"]!["requiredPromises"]![0]!["state"]!.ToString());
        Assert.Equal("False", EngineBed.Condition(redis, "RequirementsFulfilled"));
        Assert.Equal("Held", bed.Phase("a"));
        Assert.Equal("False", EngineBed.Condition(bed.Redis1("a"), "PromiseAvailable"));
        Assert.Empty(bed.Plans);

        bed.Create(Kinds.Promise, null, Base("v1.0.0"));
        bed.Kit.Advance(TimeSpan.FromSeconds(3));

        redis = bed.Get(Kinds.Promise, null, "redis")!;
        Assert.Equal("Available", redis["status"]!["status"]!.ToString());
        Assert.Equal("Requirement installed", redis["status"]!["requiredPromises"]![0]!["state"]!.ToString());
        var requiredBy = Assert.Single(bed.Get(Kinds.Promise, null, "base")!["status"]!["requiredBy"]!.AsArray())!;
        Assert.Equal(("redis", "v1.0.0"), (requiredBy["promise"]!["name"]!.ToString(), requiredBy["requiredVersion"]!.ToString()));
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact, Conformance("R14", "A required version is compared as a text.")]
    public void Promise_of_another_version_is_not_what_is_required()
    {
        var bed = EngineBed.WithPromise(promise: Requiring("base", "v1.0.0"));
        bed.Create(Kinds.Promise, null, Base("v1.0"));
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(
            "Requirement not installed at the specified version", bed.Get(Kinds.Promise, null, "redis")!["status"]!["requiredPromises"]![0]!["state"]!.ToString());

        bed.Patch(Kinds.Promise, null, "base", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.PromiseVersion] = "v1.0.0" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("Available", bed.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());
    }

    [Fact, Conformance("R14", "A required version is satisfied by any existing PromiseRevision of exactly that version, also an earlier one.")]
    public void Version_that_was_installed_before_satisfies_as_long_as_its_revision_is_there()
    {
        var bed = EngineBed.WithPromise(promise: Requiring("base", "v1.0.0"));
        bed.Create(Kinds.Promise, null, Base("v1.0.0"));
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        bed.Patch(Kinds.Promise, null, "base", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.PromiseVersion] = "v2.0.0" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("Available", bed.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());

        bed.Delete(Kinds.PromiseRevision, null, RevisionPublisher.NameOf("base", "v1.0.0"));
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        var redis = bed.Get(Kinds.Promise, null, "redis")!;
        Assert.Equal("Unavailable", redis["status"]!["status"]!.ToString());
        Assert.Equal("Requirement not installed at the specified version", redis["status"]!["requiredPromises"]![0]!["state"]!.ToString());
    }

    [Fact]
    public void Requirement_that_goes_makes_the_Promise_unavailable_and_what_is_written_stays()
    {
        var bed = EngineBed.WithPromise(promise: Requiring("base", ""));
        bed.Create(Kinds.Promise, null, Base("v1.0.0"));
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Delete(Kinds.Promise, null, "base");
        bed.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("Unavailable", bed.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());
        Assert.Contains(bed.Git.Files.Keys, p => p.Contains("/a/", StringComparison.Ordinal));
    }

    [Fact]
    public void Engine_that_starts_anew_knows_again_who_requires_whom()
    {
        var bed = EngineBed.WithPromise(promise: Requiring("base", ""));
        var next = bed.Restarted(OnStart.Off);
        next.Create(Kinds.Promise, null, Base("v1.0.0"));
        next.Kit.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal("Available", next.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());
    }

    private static JsonObject Requiring(string name, string version)
    {
        var promise = Samples.Promise();
        promise["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = name, ["version"] = version });
        return promise;
    }

    private static JsonObject Base(string version) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "Promise",
        ["metadata"] = new JsonObject { ["name"] = "base", ["labels"] = new JsonObject { [Marks.PromiseVersion] = version } },
        ["spec"] = new JsonObject(),
    };
}
