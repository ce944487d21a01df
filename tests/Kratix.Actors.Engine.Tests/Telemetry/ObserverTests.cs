using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Telemetry;

/// <summary>What is counted and traced of a request, from its observation to the commit.</summary>
public sealed class ObserverTests : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, string> Tags)> _measured = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly string _promise = "p" + Guid.NewGuid().ToString("N")[..10];
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;

    public ObserverTests()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == EngineMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((i, value, tags, _) => Measured(i, value, tags));
        _meters.SetMeasurementEventCallback<double>((i, value, tags, _) => Measured(i, value, tags));
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineTraces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    [Fact, Conformance("R123", "Kratix' two counters are kept under their names and labels.")]
    public void Request_that_is_written_is_counted_by_the_reference_s_names()
    {
        var bed = Bed();
        Settle(bed);

        var written = Assert.Single(Of("kratix_workplacement_writes_total"));
        Assert.Equal(
            new Dictionary<string, string> { ["result"] = "success", ["promise"] = _promise, ["resource"] = "", ["destination"] = "worker", ["pipeline"] = "configure" }, written.Tags);
        var placed = Assert.Single(Of("kratix_workplacement_outcomes_total"));
        Assert.Equal(
            new Dictionary<string, string> { ["result"] = "scheduled", ["promise"] = _promise, ["resource"] = "", ["namespace"] = "", ["destination"] = "worker" }, placed.Tags);
    }

    [Fact]
    public void Counters_name_the_request_where_the_setting_says_so()
    {
        var bed = Bed(Samples.Settings with { TelemetryNamesRequests = true });
        Settle(bed);

        Assert.Equal("a", Assert.Single(Of("kratix_workplacement_writes_total")).Tags["resource"]);
        Assert.Equal("default", Assert.Single(Of("kratix_workplacement_outcomes_total")).Tags["namespace"]);
    }

    [Fact]
    public void Runs_and_steps_are_counted_with_their_durations_by_result()
    {
        var bed = Bed();
        bed.Request("a");
        bed.Fail(bed.TakePlan());
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Settle(bed, request: false);

        Assert.Equal(["failure", "success"], Of("kratix.runs").Select(m => m.Tags["result"]));
        Assert.Equal(["failure", "success"], Of("kratix.steps").Select(m => m.Tags["result"]));
        Assert.Equal(4, Assert.Single(Of("kratix.run.duration")).Value);
        Assert.DoesNotContain(_measured.SelectMany(m => m.Tags.Values), v => v == "a");
    }

    [Fact]
    public void Request_without_a_Destination_is_counted_as_unscheduled_once()
    {
        var promise = Samples.Promise(_promise);
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "nowhere" } });
        var bed = EngineBed.WithPromise(promise: promise);
        Settle(bed);

        Assert.Equal("unscheduled", Assert.Single(Of("kratix_workplacement_outcomes_total")).Tags["result"]);
    }

    [Fact]
    public void Placement_that_its_Destination_no_longer_matches_is_counted_as_misplaced()
    {
        var promise = Samples.Promise(_promise);
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "dev" } });
        var bed = EngineBed.WithPromise(promise: promise);
        Settle(bed);

        bed.Patch(Kinds.Destination, null, "worker", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["environment"] = "prod" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["scheduled", "misplaced"], Of("kratix_workplacement_outcomes_total").Select(m => m.Tags["result"]));
    }

    [Fact, Conformance("R123", "One trace leads from the request to the commit, also over a restart, and its Pods carry it.")]
    public void Trace_leads_from_the_observation_to_the_commit()
    {
        var bed = Bed();
        var plan = Settle(bed);

        var spans = Spans();
        Assert.Equal(
            [$"{_promise}/DynamicResourceRequestReconcile", $"{_promise}/WorkPlacementReconcile", $"{_promise}/observed", $"{_promise}/pipeline configure"],
            spans.Select(s => s.OperationName).Where(n => !n.StartsWith("step", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var trace = Assert.Single(spans.Select(s => s.TraceId).Distinct());
        Assert.StartsWith($"00-{trace}-", plan.Annotations[EngineTraces.ParentAnnotation], StringComparison.Ordinal);
        var run = spans.Single(s => s.OperationName.EndsWith("pipeline configure", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(4), run.Duration);
        Assert.Equal("work", _spans.Single(s => s.ParentSpanId == run.SpanId).OperationName["step ".Length..]);
        Assert.NotNull(spans.Single(s => s.OperationName.EndsWith("WorkPlacementReconcile", StringComparison.Ordinal)).GetTagItem("kratix.commit"));
    }

    [Fact]
    public void Trace_of_another_generation_is_another_and_a_given_parent_is_kept()
    {
        var one = EngineTraces.ContextOf("uid", 1, null);
        var given = EngineTraces.ContextOf("uid", 1, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        Assert.Equal(one, EngineTraces.ContextOf("uid", 1, null));
        Assert.NotEqual(one.TraceId, EngineTraces.ContextOf("uid", 2, null).TraceId);
        Assert.Equal(one.TraceId, EngineTraces.ContextOf("uid", 1, "nonsense").TraceId);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", given.TraceId.ToString());
    }

    [Fact]
    public void Health_names_watches_that_have_not_listed_and_a_clock_that_stands_still()
    {
        var time = new ManualTime();
        var health = new EngineHealth();
        var watch = health.Watching("watch of promises");
        Assert.Equal("watch of promises", Assert.Single(health.NotCaughtUp()).Part);
        Assert.Empty(health.Stuck(time));

        health.Listed(watch);
        health.Looked(time);
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Empty(health.NotCaughtUp());
        Assert.Equal("due wake-ups were looked for last 31 s ago", Assert.Single(health.Stuck(time)).Problem);
        health.Looked(time);
        Assert.Empty(health.Stuck(time));
    }

    private EngineBed Bed(EngineSettings? settings = null) => EngineBed.WithPromise(settings, Samples.Promise(_promise));

    private static RunPlan Settle(EngineBed bed, bool request = true)
    {
        if (request)
            bed.Request("a");
        var plan = bed.TakePlan();
        var start = bed.Kit.Time.GetUtcNow();
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Report(plan.Namespace, plan.PodName, r => r with
        {
            Steps = [.. r.Steps.Select(s => s with { Phase = StepPhase.Running, StartedAt = start, FinishedAt = start.AddSeconds(4) })],
        }));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        bed.Complete(plan, ("output/db.yaml", "size: small\n"));
        return plan;
    }

    private List<(string Name, double Value, Dictionary<string, string> Tags)> Of(string name) =>
        [.. _measured.Where(m => m.Name == name && m.Tags.GetValueOrDefault("promise") == _promise)];

    private List<Activity> Spans() => [.. _spans.Where(s => (string?)s.GetTagItem("kratix.promise.name") == _promise && (string?)s.GetTagItem("kratix.resource_request.name") == "a")];

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var names = new Dictionary<string, string>();
        foreach (var (key, tag) in tags)
            names[key] = tag?.ToString() ?? "";
        _measured.Enqueue((instrument.Name, value, names));
    }
}
