using System.Globalization;
using System.Text;

namespace Kratix.Actors.Host.Telemetry;

/// <summary>Metrics in Prometheus' text format, version 0.0.4: names by its conventions (underscores, the unit and <c>_total</c> at the end).</summary>
internal static class PrometheusText
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    internal static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        foreach (var family in families)
        {
            var name = NameOf(family);
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escaped(family.Help, quotes: false)}\n");
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {family.Kind.ToString().ToLowerInvariant()}\n");
            foreach (var series in family.Series)
            {
                if (family.Kind == MetricKind.Histogram)
                    Histogram(text, name, family.Bounds, series);
                else
                    Sample(text, name, series.Labels, null, Number(series.Value));
            }
        }

        return text.ToString();
    }

    internal static string NameOf(MetricFamily family)
    {
        var name = Sanitized(family.Name);
        var unit = family.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        const string Total = "_total";
        if (name.EndsWith(Total, StringComparison.Ordinal))
            return name;
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        return family.Kind == MetricKind.Counter ? name + Total : name;
    }

    private static void Histogram(StringBuilder text, string name, IReadOnlyList<double> bounds, MetricSeries series)
    {
        for (var i = 0; i < series.Buckets.Count; i++)
            Sample(text, name + "_bucket", series.Labels, i < bounds.Count ? Number(bounds[i]) : "+Inf", series.Buckets[i].ToString(CultureInfo.InvariantCulture));
        Sample(text, name + "_sum", series.Labels, null, Number(series.Value));
        Sample(text, name + "_count", series.Labels, null, series.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static void Sample(StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, string>> labels, string? upTo, string value)
    {
        text.Append(name);
        var all = labels.Select(l => $"{Sanitized(l.Key)}=\"{Escaped(l.Value, quotes: true)}\"").ToList();
        if (upTo is not null)
            all.Add($"le=\"{upTo}\"");
        if (all.Count > 0)
            text.Append('{').AppendJoin(',', all).Append('}');
        text.Append(' ').Append(value).Append('\n');
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Sanitized(string name)
    {
        var valid = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_'));
        return valid.Length > 0 && char.IsAsciiDigit(valid[0]) ? "_" + valid : valid;
    }

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
