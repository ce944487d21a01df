using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class PersistentActorTests
{
    private static readonly ShardLease Owned = new(3, 1);

    private readonly ActorTestKit _kit = new();
    private readonly FakeEventStore<string, string> _store = new();
    private readonly TestProbe<string> _probe;

    public PersistentActorTests() => _probe = _kit.Probe<string>();

    /// <summary>Appends what it is told to its state. A few messages make it misbehave.</summary>
    private sealed class Diary(IEventStore<string, string> store, TestProbe<string> probe, string onRecovered = "")
        : PersistentActor<string, string, string>("diary", Owned, store, "")
    {
        protected override string Evolve(string state, string @event) => state + @event;

        protected override void OnRecovered()
        {
            probe.Tell($"recovered '{State}' {Sequence}");
            if (onRecovered.Length > 0)
                Persist(onRecovered, "on recovery", () => probe.Tell($"then '{State}' {Sequence}"));
        }

        protected override void OnMessage(string message)
        {
            switch (message)
            {
                case "?":
                    probe.Tell($"is '{State}' {Sequence}");
                    break;
                case "twice":
                    Persist("1", "first");
                    Persist("2", "second");
                    break;
                case "persist and fail":
                    Persist("x", "doomed");
                    throw new InvalidOperationException("on purpose");
                case "fail after":
                    Persist("y", "kept", () => throw new InvalidOperationException("on purpose"));
                    break;
                default:
                    Persist(message, $"told {message}", () => probe.Tell($"then '{State}' {Sequence}"));
                    probe.Tell($"asked, still '{State}'");
                    break;
            }
        }

        protected override void PostStop() => probe.Tell("stopped");

        protected override void OnFenced() => probe.Tell("fenced");
    }

    private IActorRef<string> Spawn(string onRecovered = "") => _kit.System.Spawn(
        new Props<string>(() => new Diary(_store, _probe, onRecovered)) { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)) { Jitter = 0 } },
        "diary");

    [Fact]
    public void State_changes_only_when_the_event_is_acknowledged()
    {
        _store.Hold = true;
        var actor = Spawn();
        _kit.Run();
        _store.Release();
        Assert.Equal("recovered '' 0", _probe.Expect());
        actor.Tell("a");
        Assert.Equal("asked, still ''", _probe.Expect());
        _probe.ExpectNone();
        _store.Release();
        Assert.Equal("then 'a' 1", _probe.Expect());
        Assert.Equal(new Append<string, string>("diary", 3, 1, 0, "a", "a", "told a"), Assert.Single(_store.Events));
    }

    [Fact]
    public void Messages_wait_during_recovery_and_while_an_append_is_in_flight()
    {
        _store.Hold = true;
        var actor = Spawn();
        foreach (var message in new[] { "a", "?", "b", "?" })
            actor.Tell(message);
        _kit.Run();
        _probe.ExpectNone();
        _store.Release();
        Assert.Equal(["recovered '' 0", "asked, still ''"], _probe.Drain());
        _store.Release();
        Assert.Equal(["then 'a' 1", "is 'a' 1", "asked, still 'a'"], _probe.Drain());
        _store.Release();
        Assert.Equal(["then 'ab' 2", "is 'ab' 2"], _probe.Drain());
    }

    [Fact]
    public void Recovery_gives_the_state_and_sequence_of_the_row()
    {
        _store.Put("diary", "earlier", 41);
        var actor = Spawn();
        actor.Tell("!");

        Assert.Equal(["recovered 'earlier' 41", "asked, still 'earlier'", "then 'earlier!' 42"], _probe.Drain());
    }

    [Fact]
    public void An_event_persisted_on_recovery_is_stored_before_the_first_message()
    {
        var actor = Spawn(onRecovered: "r");
        actor.Tell("?");

        Assert.Equal(["recovered '' 0", "then 'r' 1", "is 'r' 1"], _probe.Drain());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_journal_that_cannot_be_read_is_asked_again_with_back_off_and_no_message_is_lost(bool synchronously)
    {
        var faults = 2;
        _store.ThrowSynchronously = synchronously;
        _store.Fault = operation => operation == "recover" && faults-- > 0 ? new IOException("disk") : null;
        var actor = Spawn();
        actor.Tell("a");
        Assert.DoesNotContain(_probe.Drain(), told => told.StartsWith("recovered", StringComparison.Ordinal));
        _kit.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(["recovered '' 0", "asked, still ''", "then 'a' 1"], _probe.Drain().Where(told => told != "stopped"));
        Assert.Equal(2, _kit.System.Metrics.Failures);
        Assert.Equal(0, _kit.System.Metrics.MessagesFailed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failing_append_drops_its_message_with_a_record_and_the_actor_recovers_what_is_true(bool synchronously)
    {
        var faults = 1;
        _store.ThrowSynchronously = synchronously;
        _store.Fault = operation => operation == "append" && faults-- > 0 ? new IOException("disk full") : null;
        var actor = Spawn();
        actor.Tell("a");
        actor.Tell("b");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["recovered '' 0", "asked, still ''", "stopped", "recovered '' 0", "asked, still ''", "then 'b' 1"], _probe.Drain());
        Assert.Equal(1, _kit.System.Metrics.MessagesFailed);
        var entry = Assert.Single(_kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed);
        Assert.Contains("told a", entry.Detail, StringComparison.Ordinal);
        Assert.IsType<IOException>(entry.Cause!.InnerException);
    }

    [Fact]
    public void An_append_that_was_stored_but_not_acknowledged_is_found_by_recovery()
    {
        var actor = Spawn();
        _kit.Run();
        _store.Put("diary", "a", 1);
        actor.Tell("b");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["recovered '' 0", "asked, still ''", "stopped", "recovered 'a' 1"], _probe.Drain());
        Assert.IsType<SequenceConflictException>(Assert.Single(_kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed).Cause);
        Assert.Empty(_store.Events);
    }

    [Fact]
    public void A_fenced_actor_is_told_and_stops_and_writes_nothing()
    {
        var actor = Spawn();
        _kit.Run();
        _store.Epoch = 2;
        actor.Tell("a");
        actor.Tell("b");

        Assert.Equal(["recovered '' 0", "asked, still ''", "fenced", "stopped"], _probe.Drain());
        Assert.Empty(_store.Events);
        Assert.Contains(_kit.Log, entry => entry.Kind == KernelEventKind.Fenced);
        Assert.Equal(1, _kit.System.Metrics.DeadLetters);
    }

    [Fact]
    public void Two_events_for_one_message_are_refused_and_none_is_written()
    {
        var actor = Spawn();
        actor.Tell("twice");
        actor.Tell("?");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["recovered '' 0", "stopped", "recovered '' 0", "is '' 0"], _probe.Drain());
        Assert.Empty(_store.Events);
    }

    [Fact]
    public void An_event_of_a_message_whose_handling_failed_is_not_written()
    {
        var actor = Spawn();
        actor.Tell("persist and fail");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(_store.Events);
        Assert.Equal(1, _kit.System.Metrics.MessagesFailed);
    }

    [Fact]
    public void A_failure_after_the_acknowledgement_keeps_the_event()
    {
        var actor = Spawn();
        actor.Tell("fail after");
        actor.Tell("?");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["recovered '' 0", "stopped", "recovered 'y' 1", "is 'y' 1"], _probe.Drain());
    }

    [Fact]
    public void A_stop_waits_for_the_append_in_flight()
    {
        var actor = Spawn();
        _kit.Run();
        _store.Hold = true;
        actor.Tell("a");
        _kit.Run();
        var stopped = _kit.Watch(actor);
        _kit.System.Stop(actor);
        _kit.Run();
        Assert.False(stopped.IsCompleted);
        _store.Release();
        _kit.Run();

        Assert.True(stopped.IsCompletedSuccessfully);
        Assert.Equal(["recovered '' 0", "asked, still ''", "then 'a' 1", "stopped"], _probe.Drain());
    }

    [Fact]
    public void A_stop_during_recovery_does_not_wait()
    {
        _store.Hold = true;
        var actor = Spawn();
        var stopped = _kit.Watch(actor);
        _kit.System.Stop(actor);
        _kit.Run();
        Assert.True(stopped.IsCompletedSuccessfully);
        _store.Release();

        Assert.Equal(["stopped"], _probe.Drain());
    }

    [Fact]
    public void A_row_with_a_sequence_but_no_state_is_an_error_that_names_the_entity()
    {
        _store.Put("diary", null!, 7);
        Spawn();
        _kit.Run();

        var entry = Assert.Single(_kit.Log, entry => entry.Kind == KernelEventKind.ActorFailed);
        Assert.Contains("diary at sequence 7", entry.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_fails_the_row_is_the_fold_of_the_events() => ActorTestKit.ForSeeds(200, kit =>
    {
        var store = new FakeEventStore<string, string>
        {
            Fault = _ => kit.Random.OneIn(4) ? new IOException("now and then") : null,
        };
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(new Props<string>(() => new Diary(store, probe)), "diary");
        for (var message = 0; message < 30; message++)
        {
            actor.Tell($"{message},");
            if (kit.Random.OneIn(5))
                kit.Advance(TimeSpan.FromSeconds(kit.Random.Next(3)));
        }

        kit.Advance(TimeSpan.FromMinutes(30));
        var fold = string.Concat(store.Events.Select(append => append.Event));
        Assert.Equal(store.Events.Count, store.SequenceOf("diary"));
        Assert.Equal(fold, store.Events.Count == 0 ? "" : store.Events[^1].StateAfter);
        Assert.Equal(30, store.Events.Count + kit.System.Metrics.MessagesFailed);
    });
}
