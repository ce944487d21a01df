using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Kratix.Actors.Host.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Host.Tests.Telemetry;

/// <summary>What is said at /metrics is what Prometheus reads: checked by the rules of its text format.</summary>
public sealed partial class PrometheusTests : IDisposable
{
    private readonly MetricStore _store = new();
    private readonly string _prefix = "t" + Guid.NewGuid().ToString("N")[..8];
    private readonly Meter _meter = new("Kratix.Actors.Tests");

    public void Dispose()
    {
        _meter.Dispose();
        _store.Dispose();
    }

    [Fact, Conformance("R123", "/metrics is Prometheus text: counters, gauges and histograms with their labels.")]
    public void Instruments_are_told_by_the_rules_of_the_text_format()
    {
        var counter = _meter.CreateCounter<long>($"{_prefix}.runs", "{run}", "Runs.");
        counter.Add(2, new KeyValuePair<string, object?>("result", "success"));
        counter.Add(1, new KeyValuePair<string, object?>("result", "success"));
        counter.Add(1, new KeyValuePair<string, object?>("result", "a \"quoted\"\nline and a back\\slash"));
        var waiting = _meter.CreateUpDownCounter<int>($"{_prefix}.waiting");
        waiting.Add(5);
        waiting.Add(-2);
        var duration = _meter.CreateHistogram($"{_prefix}.duration", "s", "How long.", [], new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 10] });
        foreach (var seconds in new[] { 0.5, 1, 5, 100 })
            duration.Record(seconds);
        _meter.CreateObservableCounter($"{_prefix}.time", () => new Measurement<double>(1.5, new KeyValuePair<string, object?>("type", "ShardRegion<Message>")), "s");

        var samples = Parse(PrometheusText.Write(_store.Collect()));

        Assert.Equal(3, samples[$"{_prefix}_runs_total{{result=\"success\"}}"]);
        Assert.Equal(1, samples[$"{_prefix}_runs_total{{result=\"a \\\"quoted\\\"\\nline and a back\\\\slash\"}}"]);
        Assert.Equal(3, samples[$"{_prefix}_waiting"]);
        Assert.Equal(
            [2, 3, 4, 4, 106.5],
            new[] { "bucket{le=\"1\"}", "bucket{le=\"10\"}", "bucket{le=\"+Inf\"}", "count", "sum" }.Select(s => samples[$"{_prefix}_duration_seconds_{s}"]));
        Assert.Equal(1.5, samples[$"{_prefix}_time_seconds_total{{type=\"ShardRegion<Message>\"}}"]);
    }

    [Fact]
    public void Kernel_tells_of_each_class_of_actor_how_many_live_what_waits_for_them_how_long_they_work_and_how_often_they_fail()
    {
        var kit = new ActorTestKit(throughput: 1);
        using var kernel = new KernelMeter(kit.System.Metrics);
        var busy = kit.System.Spawn(new Props<int>(() => new Busy()), "busy");
        foreach (var message in new[] { -1, 1, 2, 3 })
            busy.Tell(message);
        kit.Run();
        kit.Advance(TimeSpan.FromSeconds(1));
        foreach (var message in new[] { 4, 5, 6 })
            busy.Tell(message);
        Assert.True(kit.Dispatcher.RunNext());

        var text = PrometheusText.Write(_store.Collect());
        Assert.Equal(
            [
                "kernel_actors_active gauge", "kernel_actors_failures_total counter", "kernel_actors_restarts_total counter", "kernel_mailbox_high_water gauge", "kernel_mailbox_waiting gauge",
                "kernel_messages_dead_total counter", "kernel_messages_failed_total counter", "kernel_messages_handled_total counter", "kernel_messages_overflowed_total counter",
                "kernel_processing_time_seconds_total counter",
            ],
            text.Split('\n').Where(line => line.StartsWith("# TYPE kernel_", StringComparison.Ordinal)).Select(line => line["# TYPE ".Length..]).Order(StringComparer.Ordinal));
        var samples = Parse(text);
        Assert.Equal([1, 1, 1, 4, 2, 5], new[] { "actors_active", "actors_failures_total", "actors_restarts_total", "mailbox_high_water", "mailbox_waiting", "messages_handled_total" }
            .Select(name => samples[$"kernel_{name}{{type=\"Busy\"}}"]));
        Assert.True(samples["kernel_processing_time_seconds_total{type=\"Busy\"}"] >= 0);
        Assert.Equal(1, samples["kernel_messages_failed_total"]);
    }

    private sealed class Busy : Actor<int>
    {
        protected override void Receive(int message)
        {
            if (message < 0)
                throw new InvalidOperationException("on purpose");
        }
    }

    [Fact]
    public void Observed_series_that_are_no_longer_observed_are_no_longer_told()
    {
        var present = new List<Measurement<long>> { new(1, new KeyValuePair<string, object?>("type", "A")) };
        _meter.CreateObservableGauge($"{_prefix}.observed", () => present);
        Assert.Single(Family("observed").Series);

        present[0] = new Measurement<long>(2, new KeyValuePair<string, object?>("type", "B"));

        Assert.Equal("B", Assert.Single(Family("observed").Series).Labels[0].Value);
    }

    [Fact]
    public void Series_beyond_the_bound_are_added_up_in_one()
    {
        var counter = _meter.CreateCounter<long>($"{_prefix}.many");
        for (var n = 0; n < MetricStore.MaxSeries + 50; n++)
            counter.Add(1, new KeyValuePair<string, object?>("name", n));

        var series = Family("many").Series;

        Assert.Equal(MetricStore.MaxSeries + 1, series.Count);
        Assert.Equal(50, series.Single(s => s.Labels[0].Key == MetricStore.OverflowLabel).Value);
    }

    [Fact]
    public void Runtime_is_told_too()
    {
        var samples = Parse(PrometheusText.Write(_store.Collect()));

        Assert.True(samples["dotnet_process_memory_working_set_bytes"] > 1e6);
    }

    private MetricFamily Family(string name) => _store.Collect().Single(f => f.Name == $"{_prefix}.{name}");

    /// <summary>Reads as Prometheus does; whatever breaks a rule of the format fails here.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var samples = new Dictionary<string, double>(StringComparer.Ordinal);
        var (family, type) = ("", "");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Comment().Match(line) is { Success: true } comment)
            {
                if (comment.Groups["what"].Value == "HELP")
                {
                    family = comment.Groups["name"].Value;
                    Assert.True(seen.Add(family), $"{family} comes twice");
                }
                else
                {
                    type = comment.Groups["rest"].Value;
                    Assert.Equal(family, comment.Groups["name"].Value);
                    Assert.Contains(type, new[] { "counter", "gauge", "histogram" });
                }

                continue;
            }

            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"not a sample: {line}");
            var name = sample.Groups["name"].Value;
            Assert.Contains(name, type == "histogram" ? [$"{family}_bucket", $"{family}_sum", $"{family}_count"] : new[] { family });
            Assert.False(type == "counter" && !family.EndsWith("_total", StringComparison.Ordinal), family);
            var value = sample.Groups["value"].Value;
            Assert.True(samples.TryAdd(name + sample.Groups["labels"].Value, value == "+Inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture)), $"{line} comes twice");
        }

        return samples;
    }

    [GeneratedRegex("^# (?<what>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) ?(?<rest>.*)$")]
    private static partial Regex Comment();

    [GeneratedRegex("^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\\{[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\"(?:,[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\")*\\})? (?<value>[-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|Inf)|NaN)$")]
    private static partial Regex Sample();
}
