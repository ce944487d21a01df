using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests;

/// <summary>An engine that was away for longer than the interval comes back to a thousand requests whose regular run fell due.</summary>
public sealed class OverdueTests
{
    private const int Many = 1000;

    [Fact, Conformance("K18", "After a long absence overdue runs are spread over the start's window, and a new request goes before them.")]
    public void Overdue_runs_are_spread_over_the_window_and_a_new_request_goes_first()
    {
        var bed = Away();

        var next = bed.Restarted(OnStart.Verify);

        // Half a minute of a window of ten: a twentieth of them, give or take chance, and never more than there are slots.
        next.Kit.Advance(TimeSpan.FromSeconds(30));
        Assert.InRange(Woken(next), 20, 100);
        Assert.Equal(next.Settings.MaxRunsInFlight, next.Plans.Count);

        next.Request("new");
        var first = next.TakeAll()[0];
        next.Complete(first, ("output/db.yaml", "size: small\n"));
        Assert.Contains(next.Plans, p => p.PodName.Contains("-new-", StringComparison.Ordinal));

        next.Kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(Many, Woken(next));
    }

    [Fact]
    public void Overdue_run_that_nobody_was_told_of_is_found_when_the_window_is_over()
    {
        var bed = Away(requests: 1);
        var broken = true;
        bed.Journal.Failing = (method, key) => broken && method == "Read" && key.Contains("default/r0", StringComparison.Ordinal) ? new Ports.Journal.JournalException("away") : null;
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Empty(next.Plans);

        broken = false;
        next.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Single(next.Plans);
    }

    [Fact]
    public void Retry_that_fell_due_is_made_at_once()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Fail(bed.TakePlan());
        Assert.Equal("Retrying", bed.Phase("a"));

        var next = bed.Restarted(OnStart.Verify, () =>
        {
            bed.Kit.Time.JumpWallClock(TimeSpan.FromHours(1));
            return Task.CompletedTask;
        });

        Assert.Single(next.Plans);
    }

    [Fact]
    public void Wake_up_that_falls_due_during_the_window_is_not_kept_waiting()
    {
        var bed = Away(requests: 100);
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromSeconds(1));
        foreach (var plan in next.TakeAll())
            next.Complete(plan, ("output/db.yaml", "size: small\n"));
        next.TakeAll();
        next.Request("new");
        var created = next.TakeAll().Single(p => p.PodName.Contains("-new-", StringComparison.Ordinal));
        next.Fail(created);

        next.Kit.Advance(TimeSpan.FromSeconds(15));

        Assert.Contains(next.EventTypes("new"), type => type == "retry-started");
    }

    /// <summary>An engine with settled requests that stopped, and a clock that went on for longer than the interval.</summary>
    private static EngineBed Away(int requests = Many)
    {
        var bed = EngineBed.WithPromise();
        for (var n = 0; n < requests; n++)
            bed.Create(EngineBed.Redis, "default", Samples.Request($"r{n}"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        for (var plans = bed.TakeAll(); plans.Count > 0; plans = bed.TakeAll())
            bed.CompleteAll(plans, ("output/db.yaml", "size: small\n"));
        Assert.Equal("Settled", bed.Phase("r0"));
        bed.Kit.Time.JumpWallClock(TimeSpan.FromHours(12));
        return bed;
    }

    private static int Woken(EngineBed bed) => Enumerable.Range(0, Many).Count(n => bed.EventTypes($"r{n}").Contains("run-requested"));
}
