using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>Kubernetes quantities: <c>200m</c>, <c>0.5</c>, <c>256Mi</c>, <c>1e3</c>.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1024m * 1024), ("Gi", 1024m * 1024 * 1024), ("Ti", 1024m * 1024 * 1024 * 1024),
        ("Pi", 1024m * 1024 * 1024 * 1024 * 1024), ("Ei", 1024m * 1024 * 1024 * 1024 * 1024 * 1024),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>Null for a missing value.</summary>
    /// <exception cref="FormatException">The text is no quantity; the message names it.</exception>
    public static decimal? Parse(JsonNode? node)
    {
        if (node is null) return null;
        var text = node.AsText();
        var (suffix, factor) = Suffixes.FirstOrDefault(s => text.EndsWith(s.Suffix, StringComparison.Ordinal));
        var digits = suffix is null ? text : text[..^suffix.Length];
        return decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value * (suffix is null ? 1 : factor)
            : throw new FormatException($"'{text}' is not a quantity; expected a number with a suffix such as m, Ki, Mi or Gi");
    }
}
