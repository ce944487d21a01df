using System.Globalization;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>The seeds of a law: 1 to n, or the one that <c>LAW_SEED</c> names, or as many as <c>LAW_SEEDS</c> says.</summary>
internal static class Seeds
{
    public static IEnumerable<int> Upto(int count) => Number("LAW_SEED") is { } one ? [one] : Enumerable.Range(1, Number("LAW_SEEDS") ?? count);

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
