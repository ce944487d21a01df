using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Publishing;

/// <summary>When Works and WorkPlacements go.</summary>
public sealed class ReadModelsTests
{
    [Fact, Conformance("K2", "A Work that is no longer wanted goes, also when an earlier process published it.")]
    public void What_an_earlier_process_published_goes_when_it_is_wanted_no_more()
    {
        var next = Written().Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Single(next.List(Kinds.WorkPlacement));
        WriteNothing(next);

        Assert.Empty(Shown(next));
    }

    [Fact]
    public void What_a_request_published_before_it_was_put_to_sleep_goes_when_it_is_wanted_no_more()
    {
        var bed = Written();
        bed.Kit.Advance(bed.Settings.PassivateAfter * 3);
        WriteNothing(bed);

        Assert.Empty(Shown(bed));
    }

    [Fact]
    public void What_a_process_could_not_take_back_any_more_is_taken_back_by_the_next()
    {
        var bed = Written();
        bed.Kubernetes.Fail = (verb, _, _) => verb == "delete" ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "not now") : null;
        WriteNothing(bed);
        Assert.Equal(["Work", "WorkPlacement"], Shown(bed));
        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kubernetes.Fail = (_, _, _) => null;
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Empty(Shown(next));
    }

    [Fact, Conformance("K2", "What a process stored and could not show any more is shown by the next: Works and WorkPlacements that are missing, or from before.")]
    public void What_a_process_could_not_publish_any_more_is_published_by_the_next()
    {
        var bed = Written();
        bed.Kubernetes.Fail = (verb, type, _) =>
            verb is not ("get" or "list") && (type == Kinds.Work || type == Kinds.WorkPlacement) ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "not now") : null;
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "large" } });
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: large\n"));
        bed.Request("b");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["Work", "WorkPlacement"], Shown(bed));
        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kubernetes.Fail = (_, _, _) => null;
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["Work", "Work", "WorkPlacement", "WorkPlacement"], Shown(next));
        Assert.Equal(
            new[] { "size: large\n", "size: small\n" }.Select(Core.Digest.Of).Order(),
            next.List(Kinds.WorkPlacement).Select(p => p["spec"]!["workloads"]![0]!["sha256"]!.ToString()).Order());
    }

    [Theory]
    [InlineData(60, 50, 60)]
    [InlineData(1001, 0, 0)]
    public void Owners_of_what_is_missing_are_told_in_turns_and_not_at_all_when_nobody_has_published_yet(int missing, int first, int all)
    {
        var bed = Written();
        bed.Kubernetes.Fail = (verb, type, _) =>
            verb is not ("get" or "list") && (type == Kinds.Work || type == Kinds.WorkPlacement) ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "not now") : null;
        for (var i = 0; i < missing; i++)
        {
            bed.Request($"b{i}");
            bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        }

        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kubernetes.Fail = (_, _, _) => null;
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(1 + first, next.List(Kinds.WorkPlacement).Count);

        next.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1 + all, next.List(Kinds.WorkPlacement).Count);
    }

    [Fact]
    public void What_a_process_could_not_take_back_of_a_Promises_dependencies_is_taken_back_by_the_next()
    {
        var bed = WithDependencies();
        bed.Kubernetes.Fail = (verb, _, _) => verb == "delete" ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "not now") : null;
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["dependencies"] = null } });
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty(bed.Git.Files);
        Assert.Equal(["Work", "WorkPlacement"], Shown(bed));
        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kubernetes.Fail = (_, _, _) => null;
            bed.Journal.Failing = (call, of) => call == nameof(IJournal.Rows) && of == Shapes.Promise ? new JournalException("away") : null;
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["Work", "WorkPlacement"], Shown(next));

        // The Promise is at rest and has nothing to publish: only another comparison tells it what it left behind, and no listing comes by itself.
        next.Journal.Failing = null;
        next.Kit.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(Shown(next));
    }

    [Fact]
    public void What_an_earlier_process_published_and_is_wanted_stays_and_costs_no_write()
    {
        var bed = Written();
        var writes = new List<string>();
        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kubernetes.Fail = (verb, type, _) =>
            {
                if (verb is not ("get" or "list"))
                    writes.Add($"{verb} {type.Kind}");
                return null;
            };
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["Work", "WorkPlacement"], Shown(next));
        Assert.DoesNotContain(writes, w => w.Contains("Work", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_wanted_no_more_goes_though_the_journal_could_not_say_that_it_has_stored_that()
    {
        var bed = Written();
        bed.Journal.Appended = (append, _) =>
        {
            if (append.EventType == "placement-written")
            {
                bed.Journal.Appended = null;
                throw new JournalException("it was written, and then the file was gone");
            }
        };
        WriteNothing(bed);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Null(bed.Journal.Appended);
        Assert.Empty(Shown(bed));
    }

    [Fact]
    public void What_is_wanted_no_more_goes_though_nobody_heard_that_it_had_been_published()
    {
        var bed = EngineBed.WithPromise();
        bed.Kubernetes.BeforePatched = body => body["kind"]?.ToString() == "WorkPlacement" ? throw new IOException("the answer was lost") : Task.CompletedTask;
        Write(bed);
        WriteNothing(bed);
        bed.Kubernetes.BeforePatched = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(Shown(bed));
    }

    [Fact, Conformance("K2", "A WorkPlacement goes after its files, not before.")]
    public void WorkPlacement_of_a_request_stays_until_its_files_are_taken_back()
    {
        var bed = Written();
        bed.Git.FailWith = ("away", null);
        WriteNothing(bed);
        Assert.Equal(["WorkPlacement"], Shown(bed));

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(bed.Git.Files);
        Assert.Empty(Shown(bed));
    }

    [Fact]
    public void WorkPlacement_of_a_Promises_dependencies_stays_until_its_files_are_taken_back()
    {
        var bed = WithDependencies();
        bed.Git.FailWith = ("away", null);
        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = new JsonObject { ["dependencies"] = null } });
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["WorkPlacement"], Shown(bed));

        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(bed.Git.Files);
        Assert.Empty(Shown(bed));
    }

    private static EngineBed Written()
    {
        var bed = EngineBed.WithPromise();
        Write(bed);
        return bed;
    }

    private static void Write(EngineBed bed)
    {
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        Assert.Equal(["Work", "WorkPlacement"], Shown(bed));
    }

    private static EngineBed WithDependencies()
    {
        var promise = Samples.Promise();
        promise["spec"]!["dependencies"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "redis" },
        });
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["Work", "WorkPlacement"], Shown(bed));
        return bed;
    }

    /// <summary>The request changes, and its run has no output any more.</summary>
    private static void WriteNothing(EngineBed bed)
    {
        bed.Patch(EngineBed.Redis, "default", "a", new JsonObject { ["spec"] = new JsonObject { ["size"] = "none" } });
        bed.Complete(bed.TakePlan(), ("metadata/status.yaml", "message: nothing\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
    }

    private static List<string> Shown(EngineBed bed) => [.. bed.List(Kinds.Work).Select(_ => "Work"), .. bed.List(Kinds.WorkPlacement).Select(_ => "WorkPlacement")];
}
