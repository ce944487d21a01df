using System.Diagnostics.Metrics;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class MetricsTests
{
    private static ActorTypeMetrics Scripted(ActorTestKit kit) => kit.System.Metrics.ByType.Single(of => of.Type == "Scripted<Int32>");

    [Fact]
    public void The_living_are_counted_by_type()
    {
        var kit = new ActorTestKit();
        for (var number = 0; number < 5; number++)
            kit.System.Spawn(Scripted<int>.Props((self, _) => self.Context.StopSelf()), $"{number}").Tell(0);
        kit.System.Spawn(Scripted<int>.Props((_, _) => { }), "stays");
        kit.Run();

        Assert.Equal((1, 5), (Scripted(kit).Active, Scripted(kit).Messages));
        Assert.Equal(1, Scripted(kit).MailboxHighWater);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_waits_when_a_turn_ends_is_counted_and_counted_off(bool bounded)
    {
        var kit = new ActorTestKit(throughput: 3);
        var mailbox = bounded ? MailboxSettings.Bounded(100, OverflowPolicy.DropNewest) : MailboxSettings.Unbounded;
        var actor = kit.System.Spawn(Scripted<int>.Props((_, _) => { }) with { Mailbox = mailbox }, "busy");
        kit.Run();
        for (var message = 0; message < 10; message++)
            actor.Tell(message);

        var waited = new List<long>();
        while (kit.Dispatcher.RunNext())
            waited.Add(Scripted(kit).Waiting);
        Assert.Equal([7, 4, 1, 0], waited);
        Assert.Equal(10, Scripted(kit).MailboxHighWater);
    }

    [Fact]
    public void What_waits_for_an_actor_that_ends_is_counted_off()
    {
        var kit = new ActorTestKit(throughput: 1);
        var actor = kit.System.Spawn(Scripted<int>.Props((self, message) =>
        {
            if (message == 0)
                self.Context.Stash.StashCurrent();
            else if (message == 1)
                self.Context.Stash.UnstashAll();
            else
                self.Context.StopSelf();
        }), "short");
        foreach (var message in new[] { 0, 1, 2, 3, 4 })
            actor.Tell(message);
        kit.Run();

        Assert.Equal(0, Scripted(kit).Waiting);
    }

    [Fact]
    public void An_actor_that_cannot_be_made_shows_as_the_actor_of_its_messages_and_what_waits_for_it_is_counted_once_it_can()
    {
        var kit = new ActorTestKit(throughput: 1);
        var attempts = 0;
        var actor = kit.System.Spawn(
            new Props<int>(() => ++attempts < 3 ? throw new InvalidOperationException("on purpose") : new Scripted<int>((_, _) => { }))
            { SupervisorStrategy = new SupervisorStrategy.Restart(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) }, "late");
        foreach (var message in new[] { 1, 2, 3 })
            actor.Tell(message);
        kit.Run();
        Assert.Equal((1, 0), Unmade());
        kit.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((2, 2), Unmade());
        Assert.Equal((1, 0, 3), (Scripted(kit).Active, Scripted(kit).Waiting, Scripted(kit).Messages));

        (long Failures, long Restarts) Unmade() => kit.System.Metrics.ByType.Where(of => of.Type == "Actor<Int32>").Select(of => (of.Failures, of.Restarts)).Single();
    }

    [Fact]
    public void The_meter_shows_each_counter_by_class_of_actor()
    {
        var kit = new ActorTestKit();
        using var meter = new KernelMeter(kit.System.Metrics);
        var shown = new Dictionary<string, List<(object? Type, double Value)>>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == KernelMeter.Name)
                    own.EnableMeasurementEvents(instrument);
            },
        };
        void Show(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (!shown.TryGetValue(instrument.Name, out var values))
                shown[instrument.Name] = values = [];
            values.Add((tags.Length == 0 ? null : tags[0].Value, value));
        }

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Show(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Show(instrument, value, tags));
        listener.Start();
        var actor = kit.System.Spawn(Scripted<int>.Props((self, message) =>
        {
            if (message < 0)
                throw new InvalidOperationException("on purpose");
            self.Context.StopSelf();
        }), "one");
        actor.Tell(-1);
        kit.Advance(TimeSpan.FromSeconds(1));
        actor.Tell(1);
        actor.Tell(2);
        kit.Run();
        listener.RecordObservableInstruments();

        Assert.Equal((null, 1.0), Assert.Single(shown["kernel.messages.dead"]));
        Assert.Equal((null, 0.0), Assert.Single(shown["kernel.messages.overflowed"]));
        Assert.Equal((null, 1.0), Assert.Single(shown["kernel.messages.failed"]));
        foreach (var (name, value) in new[] { ("kernel.actors.active", 0.0), ("kernel.actors.failures", 1), ("kernel.actors.restarts", 1), ("kernel.messages.handled", 2), ("kernel.mailbox.waiting", 0), ("kernel.mailbox.high_water", 2) })
            Assert.Contains(("Scripted<Int32>", value), shown[name]);
        Assert.Contains(shown["kernel.processing.time"], time => time is { Type: "Scripted<Int32>", Value: >= 0 });
    }
}
