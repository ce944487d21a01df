using System.Globalization;

namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// Durations (<c>500ms</c>, <c>10h</c>, <c>5 minutes</c>) and sizes (<c>10MiB</c>, <c>1g</c>, <c>4kB</c>). A duration needs its unit:
/// a bare number would silently mean milliseconds, which nobody who writes <c>timeout = 90</c> wants. Only <c>0</c> stands alone.
/// </summary>
internal static class HoconUnits
{
    internal const string DurationForms = "a number and a unit (ms, s, m, h or d), as in 500ms, 90s or 10h";
    internal const string SizeForms = "a number of bytes, or with a unit, as in 64KiB, 10MiB or 1g";

    private static readonly Dictionary<string, double> TicksPerUnit = new(StringComparer.Ordinal)
    {
        ["ns"] = 0.01, ["nano"] = 0.01, ["nanos"] = 0.01, ["nanosecond"] = 0.01, ["nanoseconds"] = 0.01,
        ["us"] = 10, ["micro"] = 10, ["micros"] = 10, ["microsecond"] = 10, ["microseconds"] = 10,
        ["ms"] = TimeSpan.TicksPerMillisecond, ["milli"] = TimeSpan.TicksPerMillisecond, ["millis"] = TimeSpan.TicksPerMillisecond,
        ["millisecond"] = TimeSpan.TicksPerMillisecond, ["milliseconds"] = TimeSpan.TicksPerMillisecond,
        ["s"] = TimeSpan.TicksPerSecond, ["second"] = TimeSpan.TicksPerSecond, ["seconds"] = TimeSpan.TicksPerSecond,
        ["m"] = TimeSpan.TicksPerMinute, ["minute"] = TimeSpan.TicksPerMinute, ["minutes"] = TimeSpan.TicksPerMinute,
        ["h"] = TimeSpan.TicksPerHour, ["hour"] = TimeSpan.TicksPerHour, ["hours"] = TimeSpan.TicksPerHour,
        ["d"] = TimeSpan.TicksPerDay, ["day"] = TimeSpan.TicksPerDay, ["days"] = TimeSpan.TicksPerDay,
    };

    // HOCON: single letters and *iB are powers of two, *B with a decimal prefix powers of ten.
    private static readonly Dictionary<string, double> BytesPerUnit = new(StringComparer.Ordinal)
    {
        [""] = 1, ["b"] = 1, ["B"] = 1, ["byte"] = 1, ["bytes"] = 1,
        ["k"] = 1 << 10, ["K"] = 1 << 10, ["Ki"] = 1 << 10, ["KiB"] = 1 << 10, ["kB"] = 1e3, ["KB"] = 1e3,
        ["m"] = 1 << 20, ["M"] = 1 << 20, ["Mi"] = 1 << 20, ["MiB"] = 1 << 20, ["MB"] = 1e6,
        ["g"] = 1 << 30, ["G"] = 1 << 30, ["Gi"] = 1 << 30, ["GiB"] = 1 << 30, ["GB"] = 1e9,
        ["t"] = 1L << 40, ["T"] = 1L << 40, ["Ti"] = 1L << 40, ["TiB"] = 1L << 40, ["TB"] = 1e12,
    };

    internal static TimeSpan? Duration(string text)
    {
        if (Split(text) is not var (number, unit))
            return null;
        if (unit.Length == 0)
            return number == 0 ? TimeSpan.Zero : null;
        if (!TicksPerUnit.TryGetValue(unit, out var ticks) || Math.Abs(number * ticks) >= long.MaxValue)
            return null;
        return TimeSpan.FromTicks((long)Math.Round(number * ticks));
    }

    internal static long? Size(string text) =>
        Split(text) is var (number, unit) && BytesPerUnit.TryGetValue(unit, out var bytes) && Math.Abs(number * bytes) < long.MaxValue
            ? (long)Math.Round(number * bytes)
            : null;

    private static (double Number, string Unit)? Split(string text)
    {
        var trimmed = text.Trim();
        var digits = trimmed.TakeWhile(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+').Count();
        return double.TryParse(trimmed.AsSpan(0, digits), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? (number, trimmed[digits..].Trim())
            : null;
    }
}
