using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kratix.Actors.Host.Telemetry;

internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One series of an instrument. <paramref name="Buckets"/>: of a histogram, how many were at most each of the family's bounds, and in the end all.</summary>
internal sealed record MetricSeries(IReadOnlyList<KeyValuePair<string, string>> Labels, double Value, long Count, IReadOnlyList<long> Buckets);

/// <summary>An instrument and its series now.</summary>
internal sealed record MetricFamily(string Name, string Unit, string Help, MetricKind Kind, IReadOnlyList<double> Bounds, IReadOnlyList<MetricSeries> Series);

/// <summary>Listens to this program's meters and those of the runtime, and knows the present value of each instrument.</summary>
internal sealed class MetricStore : IDisposable
{
    /// <summary>Series of one instrument; those beyond are added up in one that says so, by OpenTelemetry's name for it.</summary>
    internal const int MaxSeries = 2000;

    internal const string OverflowLabel = "otel.metric.overflow";
    private const string OwnMeters = "Kratix.Actors.";
    private const string RuntimeMeter = "System.Runtime";
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();

    internal MetricStore()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RuntimeMeter || instrument.Meter.Name.StartsWith(OwnMeters, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument.Name, _ => new Family(instrument)));
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((Family)state!).Measured(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((Family)state!).Measured(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((Family)state!).Measured(value, tags));
        _listener.Start();
    }

    /// <summary>All instruments that have a value, by name.</summary>
    internal IReadOnlyList<MetricFamily> Collect()
    {
        // Two scrapes at a time would read each other's half-made sets of observed values.
        lock (_collecting)
        {
            foreach (var family in _families.Values)
                family.BeforeObserving();
            _listener.RecordObservableInstruments();
            return [.. _families.Values.Select(f => f.Snapshot()).Where(f => f.Series.Count > 0).OrderBy(f => f.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private sealed class Family(Instrument instrument)
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
        private readonly double[] _bounds = BoundsOf(instrument);

        private readonly MetricKind _kind = instrument.GetType().GetGenericTypeDefinition() is var type && type == typeof(Histogram<>) ? MetricKind.Histogram
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter : MetricKind.Gauge;

        // An observed instrument tells where it stands, the others by how much they moved; a gauge that is set does both.
        private readonly bool _absolute = instrument.IsObservable || instrument.GetType().GetGenericTypeDefinition() == typeof(Gauge<>);

        internal void BeforeObserving()
        {
            if (!instrument.IsObservable)
                return;
            lock (_lock)
                _series.Clear();
        }

        internal void Measured(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new KeyValuePair<string, string>[tags.Length];
            for (var i = 0; i < tags.Length; i++)
                labels[i] = new KeyValuePair<string, string>(tags[i].Key, Convert.ToString(tags[i].Value, System.Globalization.CultureInfo.InvariantCulture) ?? "");
            lock (_lock)
                Of_NeedsLock(labels).Add(value, _kind, _absolute, _bounds);
        }

        internal MetricFamily Snapshot()
        {
            lock (_lock)
                return new MetricFamily(
                    instrument.Name, instrument.Unit ?? "", instrument.Description ?? "", _kind, _bounds, [.. _series.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Value.Now)]);
        }

        private Series Of_NeedsLock(KeyValuePair<string, string>[] labels)
        {
            var key = string.Join('\u0001', labels.Select(l => $"{l.Key}\u0002{l.Value}"));
            if (_series.TryGetValue(key, out var known))
                return known;
            if (_series.Count >= MaxSeries)
                (key, labels) = ("\uffff", [new KeyValuePair<string, string>(OverflowLabel, "true")]);
            if (!_series.TryGetValue(key, out var series))
                _series.Add(key, series = new Series(labels, _kind == MetricKind.Histogram ? _bounds.Length + 1 : 0));
            return series;
        }

        private static double[] BoundsOf(Instrument instrument) => instrument switch
        {
            Histogram<double> h => [.. h.Advice?.HistogramBucketBoundaries ?? DefaultBounds],
            Histogram<long> h => [.. h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b) ?? DefaultBounds],
            Histogram<int> h => [.. h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b) ?? DefaultBounds],
            _ => [],
        };
    }

    private sealed class Series(IReadOnlyList<KeyValuePair<string, string>> labels, int buckets)
    {
        private readonly long[] _buckets = new long[buckets];
        private double _value;
        private long _count;

        internal MetricSeries Now => new(labels, _value, _count, [.. _buckets]);

        internal void Add(double value, MetricKind kind, bool absolute, double[] bounds)
        {
            _value = absolute ? value : _value + value;
            if (kind != MetricKind.Histogram)
                return;
            _count++;
            for (var i = 0; i < _buckets.Length; i++)
            {
                if (i == bounds.Length || value <= bounds[i])
                    _buckets[i]++;
            }
        }
    }
}
