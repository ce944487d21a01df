using System.Globalization;
using System.Text.RegularExpressions;
using Evaluate = System.Func<Kratix.Actors.Standalone.Schemas.Cel.CelScope, object?>;

namespace Kratix.Actors.Standalone.Schemas.Cel;

/// <summary>The functions and macros known here; an unknown one makes the rule unreadable, which is told when the definition is written.</summary>
internal static class CelFunctions
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(500);

    public static bool IsMacro(string name) => name is "all" or "exists" or "exists_one" or "filter" or "map";

    public static Evaluate Macro(string name, Evaluate of, string variable, Evaluate body)
    {
        IEnumerable<object?> Items(CelScope s) => CelValue.Items(of(s));
        bool Fits(CelScope s, object? item) => CelValue.Truth(body(s.With(variable, item)));
        return name switch
        {
            "all" => s => Items(s).All(i => Fits(s, i)),
            "exists" => s => Items(s).Any(i => Fits(s, i)),
            "exists_one" => s => Items(s).Count(i => Fits(s, i)) == 1,
            "filter" => s => Items(s).Where(i => Fits(s, i)).ToList(),
            _ => s => Items(s).Select(i => body(s.With(variable, i))).ToList(),
        };
    }

    public static Evaluate Method(string name, Evaluate of, List<Evaluate> arguments) => (name, arguments) switch
    {
        ("size", []) => s => CelValue.Size(of(s)),
        ("startsWith", [var a]) => s => Text(of(s)).StartsWith(Text(a(s)), StringComparison.Ordinal),
        ("endsWith", [var a]) => s => Text(of(s)).EndsWith(Text(a(s)), StringComparison.Ordinal),
        ("contains", [var a]) => s => Text(of(s)).Contains(Text(a(s)), StringComparison.Ordinal),
        ("matches", [var a]) => s => Matches(Text(of(s)), Text(a(s))),
        ("lowerAscii", []) => s => Text(of(s)).ToLowerInvariant(),
        ("upperAscii", []) => s => Text(of(s)).ToUpperInvariant(),
        ("trim", []) => s => Text(of(s)).Trim(),
        ("replace", [var a, var b]) => s => Text(of(s)).Replace(Text(a(s)), Text(b(s)), StringComparison.Ordinal),
        ("split", [var a]) => s => Text(of(s)).Split(Text(a(s))).Select(p => (object?)p).ToList(),
        ("join", [var a]) => s => string.Join(Text(a(s)), CelValue.Items(of(s)).Select(Text)),
        ("indexOf", [var a]) => s => (long)Text(of(s)).IndexOf(Text(a(s)), StringComparison.Ordinal),
        ("isSorted", []) => s => CelValue.Items(of(s)).ToList() is var l && Enumerable.Range(1, Math.Max(0, l.Count - 1)).All(i => CelValue.Compare(l[i - 1], l[i]) <= 0),
        _ => throw new CelException($"the function {name} is not known here"),
    };

    public static Evaluate Function(string name, List<Evaluate> arguments) => (name, arguments) switch
    {
        ("size", [var a]) => s => CelValue.Size(a(s)),
        ("string", [var a]) => s => CelValue.Text(a(s)),
        ("int", [var a]) => s => Integer(a(s)),
        ("double", [var a]) => s => double.TryParse(CelValue.Text(a(s)), NumberStyles.Float, CultureInfo.InvariantCulture, out var d) ? d : throw new CelException("not a number"),
        ("matches", [var a, var b]) => s => Matches(Text(a(s)), Text(b(s))),
        ("dyn", [var a]) => a,
        _ => throw new CelException($"the function {name} is not known here"),
    };

    private static string Text(object? value) => value as string ?? throw new CelException("expected a string");

    private static long Integer(object? value) => value switch
    {
        long n => n,
        double d => (long)d,
        string s when long.TryParse(s, CultureInfo.InvariantCulture, out var n) => n,
        _ => throw new CelException("not an integer"),
    };

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            throw new CelException($"the pattern {pattern} cannot be used: {e.Message}");
        }
    }
}
