namespace Kratix.Actors.Benchmarks.Reporting;

/// <summary>What was measured, by name, one value for each run, in the order in which the names first came.</summary>
internal sealed class Figures
{
    private readonly List<Figure> _all = [];

    internal IReadOnlyList<Figure> All => _all;

    internal void Add(string name, string unit, double value, string? section = null)
    {
        var figure = _all.Find(f => f.Name == name && f.Unit == unit && f.Section == section);
        if (figure is null)
            _all.Add(figure = new Figure(name, unit, section));
        figure.Values.Add(value);
    }
}

/// <summary><paramref name="Section"/>: which of its benchmark's tables it stands in; null where there is only one.</summary>
internal sealed record Figure(string Name, string Unit, string? Section)
{
    internal List<double> Values { get; } = [];

    internal double Median
    {
        get
        {
            var sorted = Values.Order().ToList();
            var middle = sorted.Count / 2;
            return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }
}
