using System.Globalization;
using System.Text.RegularExpressions;

namespace Kratix.Actors.Engine;

/// <summary>Durations as Go writes them (<c>1h30m</c>, <c>300ms</c>), and days, which Go lacks and people write.</summary>
internal static partial class GoDuration
{
    internal static TimeSpan? Parse(string text)
    {
        var total = 0.0;
        var end = 0;
        foreach (Match part in Part().Matches(text))
        {
            if (part.Index != end)
                return null;
            end = part.Index + part.Length;
            var unit = part.Groups[2].Value switch { "d" => 86400.0, "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" or "µs" => 1e-6, _ => 1e-9 };
            total += double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * unit;
        }

        return end == text.Length && end > 0 && total < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(total) : null;
    }

    [GeneratedRegex(@"(\d+(?:\.\d+)?|\.\d+)(ms|us|µs|ns|d|h|m|s)")]
    private static partial Regex Part();
}
