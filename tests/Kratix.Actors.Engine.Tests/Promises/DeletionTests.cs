using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Promises;

/// <summary>What holds a Promise and a request until they may go, step by step.</summary>
public sealed class DeletionTests
{
    private const string Others = "example.org/hold";

    [Theory]
    [InlineData(false, false, "workflows-cleanup", "revision-cleanup", "dependencies-cleanup")]
    [InlineData(false, true, "delete-workflows", "workflows-cleanup", "revision-cleanup", "dependencies-cleanup")]
    [InlineData(true, false, "workflows-cleanup", "resource-request-cleanup", "revision-cleanup", "dynamic-controller-dependant-resources-cleanup", "dependencies-cleanup", "api-crd-cleanup")]
    [InlineData(true, true, "delete-workflows", "workflows-cleanup", "resource-request-cleanup", "revision-cleanup", "dynamic-controller-dependant-resources-cleanup", "dependencies-cleanup", "api-crd-cleanup")]
    public void Promise_carries_the_finalizers_that_its_spec_asks_for(bool api, bool deletes, params string[] finalizers) =>
        Assert.Equal(finalizers.Select(f => $"kratix.io/{f}"), PromiseFinalizers.Of(api, deletes));

    [Fact]
    public void Finalizer_of_the_delete_workflow_follows_the_spec_and_those_of_others_stay()
    {
        var bed = EngineBed.WithPromise();
        Hold(bed, Kinds.Promise, null, "redis");
        Assert.Equal([Others, .. PromiseFinalizers.Of(true, false)], Finalizers(bed).OrderBy(f => f != Others));

        bed.Patch(Kinds.Promise, null, "redis", Workflows(new JsonObject { ["delete"] = new JsonArray(Samples.Pipeline("teardown")) }));
        Assert.Equal([Others, .. PromiseFinalizers.All], Finalizers(bed).OrderBy(f => f != Others));

        bed.Patch(Kinds.Promise, null, "redis", Workflows(new JsonObject { ["delete"] = null }));
        Assert.Equal([Others, .. PromiseFinalizers.Of(true, false)], Finalizers(bed).OrderBy(f => f != Others));
    }

    [Fact]
    [Conformance("R125", "A Promise is deleted in a fixed order, and after each step the finalizer that stands for it comes off; finalizers of others stay.")]
    public void Promise_is_deleted_step_by_step_and_each_step_s_finalizer_comes_off_when_it_is_done()
    {
        var promise = Samples.Promise(withDelete: true);
        promise["spec"]!["dependencies"] = new JsonArray(new JsonObject { ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "x" } });
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["delete"] = new JsonArray(Samples.Pipeline("teardown")) };
        var bed = EngineBed.WithPromise(Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 0 } }, promise);
        Hold(bed, Kinds.Promise, null, "redis");
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Delete(Kinds.Promise, null, "redis");
        var teardown = bed.TakePlan();
        Assert.Equal(PromiseFinalizers.All, Ours(bed));
        bed.Fail(teardown);
        Assert.Equal(PromiseFinalizers.All, Ours(bed));
        Assert.Equal("False", EngineBed.Condition(bed.Get(Kinds.Promise, null, "redis")!, "DeleteWorkflowCompleted"));
        Assert.NotNull(bed.Get(EngineBed.Redis, "default", "a"));

        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Marks.ManualReconciliation] = "true" } } });
        bed.Complete(bed.TakePlan());
        var remove = bed.TakePlan();
        Assert.Equal(PromiseFinalizers.All[2..], Ours(bed));
        Assert.Equal(ResourceFinalizers.All, bed.Redis1("a")["metadata"]!["finalizers"]!.AsArray().Select(f => f!.ToString()));
        Assert.NotEmpty(bed.List(Kinds.PromiseRevision));
        Assert.NotEmpty(bed.List(Kinds.ServiceAccount, "kratix.io/promise-name=redis"));

        bed.Git.FailWith = ("the store is away", null);
        bed.Complete(remove);
        Assert.Equal(ResourceFinalizers.All[1..], bed.Redis1("a")["metadata"]!["finalizers"]!.AsArray().Select(f => f!.ToString()));
        Assert.Equal(PromiseFinalizers.All[2..], Ours(bed));

        bed.Git.FailWith = null;
        bed.Git.BeforeWrite = _ =>
        {
            if (Files(bed).All(f => !f.Contains("/a/", StringComparison.Ordinal)))
                bed.Git.FailWith = ("the store is away again", null);
            return Task.CompletedTask;
        };
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Equal("worker/dependencies/redis/5058f/static/redis-dependencies.yaml", Assert.Single(Files(bed)));
        Assert.Equal(PromiseFinalizers.All[5..], Ours(bed));
        Assert.Empty(bed.List(Kinds.PromiseRevision));
        Assert.Empty(bed.List(Kinds.ServiceAccount, "kratix.io/promise-name=redis"));
        Assert.NotNull(bed.Get(Kinds.Crd, null, "redis.example.org"));

        bed.Git.BeforeWrite = _ => Task.CompletedTask;
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(Files(bed));
        Assert.Null(bed.Get(Kinds.Crd, null, "redis.example.org"));
        Assert.Equal([Others], Finalizers(bed));

        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
        Assert.Null(bed.Get(Kinds.Promise, null, "redis"));
    }

    [Fact]
    public void Finalizer_that_could_not_be_taken_off_comes_off_when_the_engine_starts_anew()
    {
        var bed = EngineBed.WithPromise(promise: Samples.Promise(withDelete: true));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kubernetes.Fail = (verb, type, _) => verb == "patch" && type.Plural == "promises" ? new Ports.Outcome<Ports.Nothing>.Transient("away") : null;
        bed.Delete(Kinds.Promise, null, "redis");
        Assert.Contains(PromiseFinalizers.All[1], Ours(bed));

        bed.Kubernetes.Fail = null;
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.DoesNotContain(PromiseFinalizers.All[1], Ours(next));
        next.Complete(next.TakePlan());
        next.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(next.Get(Kinds.Promise, null, "redis"));
    }

    [Fact]
    public void Finalizers_that_somebody_takes_off_while_a_delete_Pipeline_fails_are_a_way_out()
    {
        var promise = Samples.Promise(withDelete: true);
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("setup")), ["delete"] = new JsonArray(Samples.Pipeline("teardown")) };
        var bed = EngineBed.WithPromise(Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 0 } }, promise);
        bed.Complete(bed.TakePlan(), ("output/operator.yaml", "x: 1\n"));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Fail(bed.TakePlan());
        Assert.Equal("DeleteFailed", bed.Phase("a"));
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
        Assert.Equal("Gone", bed.Phase("a"));
        Assert.Equal("worker/dependencies/redis/setup/5058f/operator.yaml", Assert.Single(Files(bed)));

        bed.Delete(Kinds.Promise, null, "redis");
        bed.Fail(bed.TakePlan());
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Files(bed));
        Assert.Null(bed.Get(Kinds.Crd, null, "redis.example.org"));
        Assert.Empty(bed.List(Kinds.PromiseRevision));
    }

    [Fact]
    public void Pods_of_a_request_that_ran_in_another_namespace_go_with_it()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["config"] = new JsonObject { ["pipelineNamespace"] = "pipelines" };
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Request("a");
        var plan = bed.TakePlan();
        foreach (var (name, request) in new[] { ("mine", "a"), ("another-s", "b") })
        {
            bed.Create(Kinds.Pod, "pipelines", new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "pipelines", ["labels"] = Objects.Labels(plan.Labels.SetItem(Marks.ResourceName, request)) },
            });
        }

        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        var removed = new List<string>();
        bed.Runner.Fail = (verb, pod) =>
        {
            if (verb == "remove")
                removed.Add(pod);
            return null;
        };
        bed.Delete(EngineBed.Redis, "default", "a");

        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Equal(["mine"], removed);
    }

    [Fact]
    [Conformance("R8", "A Promise whose API is taken away where no admission is asked says so, and its requests are served as before.")]
    public void Api_that_is_taken_away_behind_the_back_of_admission_is_refused_in_the_status()
    {
        var bed = EngineBed.WithPromise();
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["api"] = null } });
        Assert.Equal("cannot remove API from existing promise", bed.Get(Kinds.Promise, null, "redis")!["status"]!["message"]!.ToString());

        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Delete(Kinds.Promise, null, "redis");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(bed.Get(Kinds.Promise, null, "redis"));
        Assert.Null(bed.Get(Kinds.Crd, null, "redis.example.org"));
        Assert.Empty(Files(bed));
    }

    private static void Hold(EngineBed bed, ResourceType type, string? ns, string name)
    {
        var finalizers = bed.Get(type, ns, name)!["metadata"]!["finalizers"]!.AsArray().DeepClone().AsArray();
        finalizers.Add(Others);
        bed.Patch(type, ns, name, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = finalizers } });
    }

    private static JsonObject Workflows(JsonObject ofPromise) => new() { ["spec"] = new JsonObject { ["workflows"] = new JsonObject { ["promise"] = ofPromise } } };

    private static IReadOnlyList<string> Finalizers(EngineBed bed) => bed.Get(Kinds.Promise, null, "redis")!.Finalizers();

    private static IReadOnlyList<string> Files(EngineBed bed) => [.. bed.Git.Files.Keys.Where(f => f.Contains("redis", StringComparison.Ordinal))];

    private static IReadOnlyList<string> Ours(EngineBed bed) => [.. Finalizers(bed).Where(f => f != Others)];
}
