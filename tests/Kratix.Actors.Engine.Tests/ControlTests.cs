using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests;

/// <summary>What users control by marks on objects: pauses, runs that are asked for, suspended workflows.</summary>
public sealed class ControlTests
{
    private const string Paused = "kratix.io/paused";
    private const string Again = "kratix.io/manual-reconciliation";
    private const string Suspended = "kratix.io/workflow-suspended";
    private const string Requests = "kratix.io/reconcile-resources";

    [Fact, Conformance("R78", "A paused request starts no run and is not deleted; the end of the pause forces a run.")]
    public void Paused_request_starts_nothing_until_its_pause_ends()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        Mark(bed, "a", Paused, "true");
        Assert.Equal("Paused", bed.Phase("a"));
        Assert.Equal("Paused", Message(bed.Redis1("a"), "Reconciled"));

        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Delete(EngineBed.Redis, "default", "a");
        Assert.Empty(bed.Plans);
        Assert.NotNull(bed.Get(EngineBed.Redis, "default", "a"));

        Mark(bed, "a", Paused, null);
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.DoesNotContain(bed.Git.Files.Keys, p => p.Contains("/a/", StringComparison.Ordinal));
    }

    [Fact, Conformance("R78", "The end of a pause runs a request again although nothing in it changed.")]
    public void Pause_that_ends_runs_the_request_again()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        Mark(bed, "a", Paused, "true");
        Mark(bed, "a", Paused, null);

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact, Conformance("R78", "Reconciled is Unknown with the reason Unpaused from the end of a pause until the run that follows from it has ended, for the request and, in a pause of its Promise, for both.")]
    public void End_of_a_pause_is_the_reason_until_its_run_has_ended()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("prepare")) };
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Complete(bed.TakePlan());
        Settle(bed, "a");
        Mark(bed, "a", Paused, "true");
        Mark(bed, "a", Paused, null);
        Assert.Equal(("Unpaused", "Pending"), (Reason(bed.Redis1("a")), Message(bed.Redis1("a"), "Reconciled")));
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Reconciled", Reason(bed.Redis1("a")));
        Mark(bed, "a", Again, "true");
        Assert.Equal("WorkflowPending", Reason(bed.Redis1("a")));
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));

        MarkPromise(bed, Paused, "true");
        MarkPromise(bed, Paused, null);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(("Unpaused", "Unpaused"), (Reason(bed.Get(Kinds.Promise, null, "redis")!), Reason(bed.Redis1("a"))));
    }

    [Fact]
    public void Annotation_pauses_as_the_label_does()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Paused] = "true" } } });
        Assert.Equal("Paused", bed.Phase("a"));
    }

    [Fact, Conformance("R79", "A paused Promise pauses its requests and is Unavailable; the end of its pause runs all of them again.")]
    public void Paused_Promise_pauses_its_requests()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        MarkPromise(bed, Paused, "true");
        var promise = bed.Get(Kinds.Promise, null, "redis")!;
        Assert.Equal("Unavailable", promise["status"]!["status"]!.ToString());
        Assert.Equal("Paused", Message(promise, "Available"));
        Assert.Equal("Paused", bed.Phase("a"));
        bed.Request("b");
        Assert.Equal("Paused", bed.Phase("b"));
        Assert.Empty(bed.Plans);

        MarkPromise(bed, Paused, null);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("Available", bed.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());
        Assert.Equal(["Running", "Running"], new[] { bed.Phase("a"), bed.Phase("b") });
        Assert.Equal(2, bed.Plans.Count);
    }

    [Fact, Conformance("R24", "kratix.io/manual-reconciliation runs from the first Pipeline, ends a run under way, and is removed.")]
    public void Manual_label_ends_the_run_under_way_and_runs_again()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        var first = bed.TakePlan();
        Mark(bed, "a", Again, "true");
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        var second = bed.TakePlan();
        Assert.NotEqual(first.RunId, second.RunId);
        Assert.DoesNotContain(bed.Runner.Runs, r => r.RunId == first.RunId);
        Assert.Null(bed.Redis1("a")["metadata"]!["labels"]![Again]);
        bed.Complete(second, ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Empty(bed.Plans);
    }

    [Fact, Conformance("R23", "A change of labels, annotations or status that controls nothing runs nothing.")]
    public void Other_label_runs_nothing()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        Mark(bed, "a", "team", "red");
        Mark(bed, "a", Again, "false");
        Assert.Empty(bed.Plans);
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Mark_that_was_taken_off_a_Promise_stays_off_though_what_was_read_with_it_is_stored_last()
    {
        var bed = EngineBed.WithPromise();
        var held = new TaskCompletionSource();
        bed.Journal.HoldingContents = () => held.Task;
        MarkPromise(bed, Paused, "true");
        bed.Journal.HoldingContents = null;
        MarkPromise(bed, Paused, null);
        bed.Kit.Dispatcher.InContext(held.SetResult);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Available", bed.Get(Kinds.Promise, null, "redis")!["status"]!["status"]!.ToString());
        bed.Request("a");
        bed.TakePlan();
    }

    [Fact, Conformance("R25", "kratix.io/reconcile-resources on a Promise runs all its requests again and is removed.")]
    public void Label_on_the_Promise_runs_all_requests_again()
    {
        var bed = EngineBed.WithPromise();
        Settle(bed, "a");
        Settle(bed, "b");
        MarkPromise(bed, Requests, "true");
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(2, bed.Plans.Count);
        Assert.Null(bed.Get(Kinds.Promise, null, "redis")!["metadata"]!["labels"]?[Requests]);
        foreach (var plan in bed.Plans.ToList())
            bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, bed.Plans.Count);
    }

    [Fact, Conformance("R80", "suspend: true labels the object, shows the Pipeline as Suspended with its message, and uses nothing of the output.")]
    [Conformance("R81", "Taking the label off resumes with the Pipeline that suspended, not with the first.")]
    public void Suspended_workflow_waits_for_its_label_to_be_taken_off()
    {
        var bed = EngineBed.WithPromise(promise: TwoPipelines());
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/first.yaml", "x: 1\n"));
        bed.Complete(
            bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true\nmessage: somebody has to approve\n"), ("metadata/status.yaml", "asked: grace\n"),
            ("output/second.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(10));

        var item = bed.Redis1("a");
        Assert.Equal("Suspended", bed.Phase("a"));
        Assert.Equal("true", item["metadata"]!["labels"]![Suspended]!.ToString());
        Assert.Equal("Suspended", Message(item, "Reconciled"));
        Assert.Equal("grace", item["status"]!["asked"]!.ToString());
        var row = item["status"]!["kratix"]!["workflows"]!["pipelines"]![1]!;
        Assert.Equal(("Suspended", "somebody has to approve"), (row["phase"]!.ToString(), row["message"]!.ToString()));
        Assert.Equal("1", item["status"]!["kratix"]!["workflows"]!["suspendedGeneration"]!.ToString());
        Assert.DoesNotContain(bed.Git.Files.Keys, p => p.EndsWith("second.yaml", StringComparison.Ordinal));
        Assert.Empty(bed.Plans);

        Mark(bed, "a", Suspended, null);
        var resumed = bed.TakePlan();
        Assert.Equal("second", resumed.Labels[Marks.PipelineName]);
        bed.Complete(resumed, ("output/second.yaml", "x: 2\n"));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Null(bed.Redis1("a")["status"]!["kratix"]!["workflows"]!["pipelines"]![1]!["message"]);
    }

    [Fact, Conformance("R82", "retryAfter runs the Pipeline again after its duration, counts attempts, and clears them on success.")]
    public void Pipeline_that_asks_for_a_retry_runs_again_at_its_time()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "retryAfter: 1m\nsuspend: true\nmessage: not yet\n"));
            Assert.Equal("Suspended", bed.Phase("a"));
            var row = bed.Redis1("a")["status"]!["kratix"]!["workflows"]!["pipelines"]![0]!;
            Assert.Equal((attempt.ToString(System.Globalization.CultureInfo.InvariantCulture), "not yet"), (row["attempts"]!.ToString(), row["message"]!.ToString()));
            Assert.NotNull(row["nextRetryAt"]);
            Assert.Empty(bed.Plans);
            bed.Kit.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Null(bed.Redis1("a")["metadata"]!["labels"]![Suspended]);
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Null(bed.Redis1("a")["status"]!["kratix"]!["workflows"]!["pipelines"]![0]!["attempts"]);
    }

    [Fact, Conformance("K12", "maxAttempts bounds how often a Pipeline may ask to be tried again; durations accept days.")]
    public void Pipeline_that_asks_for_more_than_its_attempts_has_failed()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "retryAfter: 1d\nmaxAttempts: 3\nmessage: not yet\n"));
            bed.Kit.Advance(TimeSpan.FromDays(attempt < 3 ? 1 : 0));
        }

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Contains("attempt 3 was its last (maxAttempts: 3", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("retryAfter: soon", "retryAfter is \"soon\"; it must be a duration")]
    [InlineData("suspend: maybe", "suspend is \"maybe\"; it must be true or false")]
    [InlineData("retryAfter: 1m\nmaxAttempts: 0", "maxAttempts is 0; it must be a whole number")]
    [InlineData("- suspend", "it must hold a map")]
    public void Control_file_that_cannot_be_read_fails_the_run_with_its_reason(string text, string reason)
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", text));

        Assert.Contains(reason, bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Theory, Conformance("R83", "A change of the spec or the manual label while suspended starts from the first Pipeline.")]
    [InlineData(true)]
    [InlineData(false)]
    public void Suspended_workflow_starts_anew_when_something_changes(bool byLabel)
    {
        var bed = EngineBed.WithPromise(promise: TwoPipelines());
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/first.yaml", "x: 1\n"));
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true"));
        if (byLabel)
            Mark(bed, "a", Again, "true");
        else
            bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("first", bed.TakePlan().Labels[Marks.PipelineName]);
        Assert.Null(bed.Redis1("a")["metadata"]!["labels"]![Suspended]);
        Assert.Null(bed.Redis1("a")["metadata"]!["labels"]![Again]);
    }

    [Fact, Conformance("R84", "A suspended delete Pipeline keeps the files and shows DeleteWorkflowSuspended.")]
    public void Suspended_delete_Pipeline_keeps_the_files()
    {
        var bed = EngineBed.WithPromise(promise: Samples.Promise(withDelete: true));
        Settle(bed, "a");
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true"));

        Assert.Equal("DeleteSuspended", bed.Phase("a"));
        Assert.Equal("The delete workflow is suspended", Message(bed.Redis1("a"), "DeleteWorkflowCompleted"));
        Assert.Contains(bed.Git.Files.Keys, p => p.Contains("/a/", StringComparison.Ordinal));

        Mark(bed, "a", Suspended, null);
        bed.Complete(bed.TakePlan());
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
        Assert.DoesNotContain(bed.Git.Files.Keys, p => p.Contains("/a/", StringComparison.Ordinal));
    }

    [Fact, Conformance("R85", "A failed delete Pipeline blocks the deletion until the spec changes or the manual label is set.")]
    public void Failed_deletion_goes_on_by_the_manual_label()
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 0 } }, Samples.Promise(withDelete: true));
        Settle(bed, "a");
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Fail(bed.TakePlan());
        bed.Kit.Advance(TimeSpan.FromHours(11));
        Assert.Equal("DeleteFailed", bed.Phase("a"));
        Assert.Empty(bed.Plans);

        Mark(bed, "a", Again, "true");
        bed.Complete(bed.TakePlan());
        Assert.Null(bed.Get(EngineBed.Redis, "default", "a"));
    }

    [Fact]
    public void Suspension_is_kept_when_the_engine_stops_and_its_end_is_noticed_by_the_next()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true"));

        var next = bed.Restarted(OnStart.Run, meanwhile: () => bed.Kubernetes.Patch(
            EngineBed.Redis, "default", "a", PatchKind.Merge, Label(Suspended, null), null, CancellationToken.None));
        next.Kit.Advance(TimeSpan.FromSeconds(1));

        next.Complete(next.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", next.Phase("a"));
    }

    [Fact, Conformance("R81", "Taking the label off resumes also when no watch ever told that it was on.")]
    public void Suspension_whose_mark_is_taken_off_before_a_watch_told_it_goes_on()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Kubernetes.Missed = _ => true;
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true"));
        bed.Kubernetes.Missed = null;
        Mark(bed, "a", Suspended, null);

        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Mark_of_a_suspension_that_was_taken_off_before_its_answer_came_is_put_on_again()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Kubernetes.Missed = _ => true;
        var answer = new TaskCompletionSource();
        bed.Kubernetes.BeforePatched = body => body["metadata"]?["labels"]?[Suspended] is null ? Task.CompletedTask : answer.Task;
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true"));
        bed.Kubernetes.Missed = null;
        bed.Kubernetes.BeforePatched = null;
        Mark(bed, "a", Suspended, null);
        bed.Kit.Dispatcher.InContext(answer.SetResult);
        bed.Kit.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("true", bed.Redis1("a")["metadata"]!["labels"]![Suspended]!.ToString());

        Mark(bed, "a", Suspended, null);
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    private static void Settle(EngineBed bed, string name)
    {
        bed.Request(name);
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase(name));
    }

    private static void Mark(EngineBed bed, string name, string label, string? value)
    {
        bed.Patch(EngineBed.Redis, "default", name, Label(label, value));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
    }

    private static void MarkPromise(EngineBed bed, string label, string? value)
    {
        bed.Patch(Kinds.Promise, null, "redis", Label(label, value));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
    }

    private static JsonObject Label(string label, string? value) => new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [label] = value } } };

    private static JsonObject TwoPipelines()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray(Samples.Pipeline("first"), Samples.Pipeline("second"));
        return promise;
    }

    private static string? Reason(JsonObject item) =>
        (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == "Reconciled")?["reason"]?.ToString();

    private static string? Message(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == type)?["message"]?.ToString();
}
