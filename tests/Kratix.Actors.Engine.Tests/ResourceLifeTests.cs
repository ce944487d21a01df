using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests;

public sealed class ResourceLifeTests
{
    private const string Written = "worker/resources/default/redis/a/configure/5058f/db.yaml";

    [Fact, Conformance("K22", "Reconciled is True when the store has acknowledged, and the status names Destination and commit.")]
    public void Request_whose_run_succeeds_is_written_and_says_where()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        Assert.Equal("Unknown", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"), ("metadata/status.yaml", "message: at your service\n"));

        Assert.Equal("size: small\n", bed.Text(Written));
        var item = bed.Redis1("a");
        Assert.Equal("True", EngineBed.Condition(item, "Reconciled"));
        Assert.Equal("worker", item["status"]!["kratix"]!["destination"]!.ToString());
        Assert.NotEmpty(item["status"]!["kratix"]!["commit"]!.ToString());
        Assert.Equal("at your service", item["status"]!["message"]!.ToString());
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    [Conformance("K2", "Work and WorkPlacement carry file lists, sizes and digests, and never contents.")]
    public void Request_is_published_as_Work_and_WorkPlacement_without_contents()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "password: hunter2\n"));

        var placement = bed.State("a").Works.Placements.Single();
        var model = bed.Get(Kinds.WorkPlacement, "default", placement.Name)!;
        Assert.DoesNotContain("hunter2", model.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("True", EngineBed.Condition(model, "Ready"));
        Assert.Equal(placement.CommitId, model["status"]!["versionID"]!.ToString());
    }

    [Fact, Conformance("R19", "A changed spec runs the configure workflow again."), Conformance("K17", "The same output again makes no commit.")]
    public void Request_whose_spec_changes_runs_again_and_the_same_output_makes_no_commit()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        var commits = bed.Git.Commits.Count;

        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        Assert.Equal(commits, bed.Git.Commits.Count);
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Equal(2, bed.Redis1("a")["status"]!["observedGeneration"]!.GetValue<long>());
    }

    [Fact]
    public void Request_whose_label_changes_runs_nothing()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["team"] = "blue" } } });

        Assert.Empty(bed.Plans);
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact, Conformance("K23", "A deletion ends when the files are gone from the store.")]
    public void Request_that_is_deleted_runs_its_delete_Pipeline_and_goes_when_its_files_are_gone()
    {
        var bed = EngineBed.WithPromise(promise: Samples.Promise(withDelete: true));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Delete(EngineBed.Redis, "default", "a");
        var plan = bed.TakePlan();
        Assert.Equal("delete", plan.Labels[Marks.WorkflowAction]);
        Assert.True(bed.Git.Files.ContainsKey(Written));
        bed.Git.FailWith = ("the remote is away", null);
        bed.Complete(plan);
        Assert.NotNull(bed.Get(EngineBed.Redis, "default", "a"));

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Empty(bed.Git.Files);
        Assert.Equal("Gone", bed.Phase("a"));
    }

    [Fact]
    public void Work_that_somebody_deletes_takes_no_files_and_its_request_still_takes_them_along()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Delete(Kinds.Work, "default", bed.State("a").Works.ByPipeline["configure"].Name);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.True(bed.Git.Files.ContainsKey(Written));

        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(bed.Git.Files);
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
    }

    [Fact]
    public void Request_whose_finalizers_somebody_took_off_has_its_files_taken_back()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Kit.Settle(() => bed.Kubernetes.Delete(EngineBed.Redis, "default", "a", CancellationToken.None));
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });

        Assert.Empty(bed.Git.Files);
        Assert.Equal("Gone", bed.Phase("a"));
    }

    [Fact]
    public void Request_that_vanished_while_the_engine_was_down_leaves_its_files_until_it_is_made_again_and_deleted()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        var next = bed.Restarted(OnStart.Verify, async () =>
        {
            await bed.Kubernetes.Delete(EngineBed.Redis, "default", "a", CancellationToken.None);
            await bed.Kubernetes.Patch(
                EngineBed.Redis, "default", "a", PatchKind.Merge, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }, null, CancellationToken.None);
        });
        next.Kit.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(next.Get(EngineBed.Redis, "default", "a"));
        Assert.True(next.Git.Files.ContainsKey(Written));

        next.Request("a");
        next.Complete(next.TakePlan(), ("output/db.yaml", "x: 2\n"));
        next.Delete(EngineBed.Redis, "default", "a");

        Assert.Empty(next.Git.Files);
        Assert.Equal("Gone", next.Phase("a"));
    }

    [Fact]
    public void Request_that_was_let_go_and_still_carries_our_finalizers_is_let_go_again()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject
        {
            ["metadata"] = new JsonObject { ["finalizers"] = new JsonArray([.. ResourceFinalizers.All.Append("example.org/other").Select(f => JsonValue.Create(f))]) },
        });
        bed.Complete(bed.TakePlan());
        bed.Delete(EngineBed.Redis, "default", "a");
        Assert.Equal("Gone", bed.Phase("a"));

        bed.Kubernetes.RestoreFinalizers(EngineBed.Redis, "default", "a", ResourceFinalizers.All[0], "example.org/other");
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("example.org/other", bed.Redis1("a")["metadata"]!["finalizers"]!.AsArray().Single()!.ToString());
    }

    [Fact]
    public void Request_made_again_after_the_clock_was_set_back_is_a_new_one()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan());
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Kit.Time.JumpWallClock(-TimeSpan.FromMinutes(10));

        bed.Request("a");

        bed.Complete(bed.TakePlan());
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Request_observed_while_the_journal_is_away_runs_when_it_is_back()
    {
        var bed = EngineBed.WithPromise();
        bed.Journal.Failing = (method, key) => method == nameof(IJournal.Append) && key.Contains("default/a", StringComparison.Ordinal) ? new JournalException("disk full") : null;
        bed.Request("a");
        Assert.Empty(bed.Plans);

        bed.Journal.Failing = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Change_of_a_Promise_while_the_journal_is_away_is_not_lost()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Journal.Failing = (method, key) => method == nameof(IJournal.Append) ? new JournalException("disk full") : null;
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["destinationSelectors"] = new JsonArray() } });

        bed.Journal.Failing = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 2\n"));
        Assert.Equal("x: 2\n", bed.Text(Written));
    }

    [Fact]
    public void Change_of_a_Promise_whose_spec_could_not_be_stored_is_not_lost()
    {
        var bed = EngineBed.WithPromise();
        var full = false;
        bed.Journal.Failing = (method, _) => full && method == nameof(IContentStore.PutMany) ? new JournalException("disk full") : null;
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        full = true;
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["destinationSelectors"] = new JsonArray() } });
        Assert.Empty(bed.Plans);

        full = false;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Running", bed.Phase("a"));
    }

    [Fact]
    public void Request_that_may_not_be_patched_is_tried_again()
    {
        var bed = EngineBed.WithPromise();
        bed.Kubernetes.Fail = (verb, type, _) => verb == "patch" && type.Plural == "redis" ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "not yours") : null;
        bed.Request("a");
        bed.Kubernetes.Fail = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.NotNull(bed.TakePlan());
    }

    [Fact, Conformance("R20", "Requests run again when the interval has passed."), Conformance("K15", "The interval is 10 h by default, with jitter.")]
    public void Request_at_rest_runs_again_after_the_interval()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Kit.Advance(TimeSpan.FromHours(9.99));
        Assert.Empty(bed.Plans);
        bed.Kit.Advance(TimeSpan.FromHours(1.02));

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Single(bed.Git.Commits, c => c.Length > 0);
    }

    [Fact]
    public void Requests_made_together_do_not_run_again_together()
    {
        var bed = EngineBed.WithPromise();
        for (var i = 0; i < 5; i++)
            bed.Create(EngineBed.Redis, "default", Samples.Request($"r{i}"));
        bed.Kit.Run();
        foreach (var plan in bed.Plans.ToList())
            bed.Complete(plan);

        Assert.True(Enumerable.Range(0, 5).Select(i => bed.State($"r{i}").NextRun!.Value.Hour * 60 + bed.State($"r{i}").NextRun!.Value.Minute).Distinct().Count() > 2);
    }

    [Theory]
    [InlineData(OnStart.Run, 1)]
    [InlineData(OnStart.Verify, 0)]
    [InlineData(OnStart.Off, 0)]
    [Conformance("K16", "What a restart runs is the setting reconcile.on-start.")]
    public void Restart_runs_what_the_setting_says(OnStart onStart, int runs)
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        var next = bed.Restarted(onStart);
        next.Kit.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(runs, next.Plans.Count);
    }

    [Fact]
    public void Change_made_while_the_engine_was_away_is_seen_when_it_is_back()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        var next = bed.Restarted(OnStart.Off, () => bed.Kubernetes.Delete(EngineBed.Redis, "default", "a", CancellationToken.None));
        next.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Null(next.Get(EngineBed.Redis, "default", "a"));
        Assert.Empty(next.Git.Files);
    }

    [Fact, Conformance("R22", "A changed Promise runs the workflows of its requests again.")]
    public void Request_of_a_changed_Promise_runs_again_and_a_deletion_meanwhile_is_not_missed()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Kit.Settle(() => bed.Kubernetes.Patch(
            Kinds.Promise, null, "redis", PatchKind.Merge, new JsonObject { ["spec"] = new JsonObject { ["destinationSelectors"] = new JsonArray() } }, null, CancellationToken.None));
        bed.Kit.Settle(() => bed.Kubernetes.Patch(
            EngineBed.Redis, "default", "a", PatchKind.Merge, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }, null, CancellationToken.None));
        bed.Kit.Settle(() => bed.Kubernetes.Delete(EngineBed.Redis, "default", "a", CancellationToken.None));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        foreach (var plan in bed.Plans.ToList())
            bed.Complete(plan);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Empty(bed.Git.Files);
    }

    [Fact]
    public void Promise_that_is_deleted_takes_its_requests_and_its_API_along()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        bed.Delete(Kinds.Promise, null, "redis");
        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.Null(bed.Get(Kinds.Crd, null, "redis.example.org"));
        Assert.Null(bed.Get(Kinds.Promise, null, "redis"));
        Assert.Empty(bed.Git.Files);
    }

    [Fact]
    public void Promise_that_cannot_be_used_says_why()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"]![0]!["spec"]!["jobOptions"] = new JsonObject { ["activeDeadlineSeconds"] = "soon" };
        var bed = EngineBed.WithPromise(promise: promise);

        Assert.Contains("activeDeadlineSeconds is \"soon\"; it must be a whole number of seconds", bed.Get(Kinds.Promise, null, "redis")!["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact, Conformance("K29", "Each transition is an event; folding them gives the stored state.")]
    public void Events_of_a_request_tell_its_life()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Delete(EngineBed.Redis, "default", "a");

        Assert.Equal(["observed", "run-succeeded", "placement-written", "observed", "placement-written", "released"], bed.EventTypes("a"));
    }
}
