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
        Unreadable(bed, "default/r0", () => broken);
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Empty(next.Plans);

        broken = false;
        next.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Single(next.Plans);
    }

    [Fact]
    public void Wake_ups_that_come_to_nothing_do_not_keep_later_ones_waiting()
    {
        // More than one look tells, and due before any other; their rows cannot be read, as on damaged pages.
        var bed = Away(requests: 250);
        Unreadable(bed, "default/r");
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(10.5));
        next.Request("new");
        next.Fail(next.TakePlan());

        next.Kit.Advance(TimeSpan.FromSeconds(15));

        Assert.Contains("retry-started", next.EventTypes("new"));
    }

    [Fact]
    public void Wake_up_that_comes_to_nothing_does_not_fill_the_mailbox()
    {
        var bed = Away(requests: 1);
        Unreadable(bed, "default/r0");
        var next = bed.Restarted(OnStart.Verify);
        next.Kit.Advance(TimeSpan.FromMinutes(10.5));
        var before = Waiting();

        next.Kit.Advance(TimeSpan.FromMinutes(10));

        // Each look would be 1,200.
        Assert.InRange(Waiting() - before, 0, 200);

        long Waiting() => next.Engine.Metrics.ByType.Sum(type => type.Waiting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_start_owes_is_taken_up_once_the_journal_can_be_read(bool asJournalSays)
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        var away = true;
        bed.Journal.Failing = (method, key) => !away || method != "Summaries" || key != "promise" ? null
            : asJournalSays ? new Ports.Journal.JournalException("damaged") : new InvalidOperationException("nobody thought of this");
        var next = bed.Restarted(OnStart.Run);
        next.Kit.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(next.Plans);

        away = false;
        next.Kit.Advance(TimeSpan.FromMinutes(11));

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
    /// <summary>The rows of these requests cannot be read, as on damaged pages.</summary>
    private static void Unreadable(EngineBed bed, string requests, Func<bool>? still = null) => bed.Journal.Failing = (method, key) =>
        still?.Invoke() is not false && method == "Read" && key.Contains(requests, StringComparison.Ordinal) ? new Ports.Journal.JournalException("damaged") : null;

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
