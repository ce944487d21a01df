using System.Diagnostics.Metrics;

namespace Kratix.Actors.Engine.Telemetry;

/// <summary>
/// What the engine counts, for whoever exports meters. Tags are names of Promises, Pipelines, Destinations and kinds, of which a platform has dozens; the
/// names of requests, of which it has thousands, are tags only of the two counters of the reference, and only where a setting asks for it.
/// </summary>
public static class EngineMeter
{
    public const string Name = "Kratix.Actors.Engine";

    private static readonly Meter Meter = new(Name);
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] };

    /// <summary>By the reference's name and tags.</summary>
    internal static readonly Counter<long> PlacementWrites = Meter.CreateCounter<long>(
        "kratix_workplacement_writes_total", "{write}", "Placements that a state store took or did not take.");

    /// <summary>By the reference's name and tags.</summary>
    internal static readonly Counter<long> PlacementOutcomes = Meter.CreateCounter<long>(
        "kratix_workplacement_outcomes_total", "{placement}", "Groups of files that were given a Destination, or found none.");

    internal static readonly Counter<long> Runs = Meter.CreateCounter<long>("kratix.runs", "{run}", "Runs of Pipelines that ended, by result.");

    internal static readonly Histogram<double> RunDuration = Meter.CreateHistogram(
        "kratix.run.duration", "s", "From the start of a run's first container to the end of its last.", [], Seconds);

    internal static readonly Counter<long> Steps = Meter.CreateCounter<long>("kratix.steps", "{step}", "Containers of runs that ended, by result.");

    internal static readonly Histogram<double> StepDuration = Meter.CreateHistogram("kratix.step.duration", "s", "How long containers of runs ran.", [], Seconds);

    internal static readonly UpDownCounter<int> RunsInFlight = Meter.CreateUpDownCounter<int>("kratix.runs.in_flight", "{run}", "Runs that hold a slot.");

    internal static readonly UpDownCounter<int> RunsWaiting = Meter.CreateUpDownCounter<int>(
        "kratix.runs.waiting", "{run}", "Runs that wait for a slot: soon (somebody asked for it) or late (periodic work).");

    internal static readonly Counter<long> Pushes = Meter.CreateCounter<long>("kratix.git.pushes", "{push}", "Pushes to state stores.");

    internal static readonly Counter<long> Batches = Meter.CreateCounter<long>("kratix.git.batches", "{batch}", "Batches of placements written, by result.");

    internal static readonly Histogram<double> BatchDuration = Meter.CreateHistogram("kratix.git.batch.duration", "s", "How long a batch took: fetch, commit, push.", [], Seconds);

    internal static readonly Histogram<double> BatchPlacements = Meter.CreateHistogram(
        "kratix.git.batch.placements", "{placement}", "Placements that went out together.", [], new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000] });

    internal static readonly UpDownCounter<int> WritesWaiting = Meter.CreateUpDownCounter<int>("kratix.git.waiting", "{placement}", "Placements that wait for their state store's writer.");

    internal static readonly Counter<long> ApiWrites = Meter.CreateCounter<long>("kratix.api.writes", "{call}", "Writing calls to the Kubernetes API, by kind, verb and result.");
}

/// <summary>A number that only one actor changes, shown as a part of a sum over all: what it showed is taken back when the actor ends.</summary>
internal sealed class Shown(UpDownCounter<int> counter, params KeyValuePair<string, object?>[] tags)
{
    private int _last;

    internal void Is(int now)
    {
        if (now != _last)
            counter.Add(now - _last, tags);
        _last = now;
    }
}
