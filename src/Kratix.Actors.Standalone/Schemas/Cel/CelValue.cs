using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Schemas.Cel;

/// <summary>The values of expressions and what can be done with them.</summary>
internal static class CelValue
{
    public static object? Of(JsonNode? node) => node switch
    {
        null => null,
        JsonObject o => o,
        JsonArray a => a.Select(Of).ToList(),
        _ => Scalar(node),
    };

    public static bool Truth(object? value) => value as bool? ?? throw new CelException($"expected a bool, found {TypeName(value)}");

    public static bool AreEqual(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (JsonNode x, JsonNode y) => JsonNode.DeepEquals(x, y),
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => AreEqual(p.First, p.Second)),
        (long or double, long or double) => Number(a) == Number(b),
        _ => Equals(a, b),
    };

    public static int Compare(object? a, object? b) => (a, b) switch
    {
        (long or double, long or double) => Number(a).CompareTo(Number(b)),
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => throw new CelException($"no such overload: {TypeName(a)} compared with {TypeName(b)}"),
    };

    public static object? Arithmetic(char op, object? a, object? b) => (op, a, b) switch
    {
        ('+', string x, string y) => x + y,
        ('+', List<object?> x, List<object?> y) => x.Concat(y).ToList(),
        ('+', long x, long y) => x + y,
        ('-', long x, long y) => x - y,
        ('*', long x, long y) => x * y,
        ('/', long, 0L) or ('%', long, 0L) => throw new CelException("division by zero"),
        ('/', long x, long y) => x / y,
        ('%', long x, long y) => x % y,
        ('+', double x, double y) => x + y,
        ('-', double x, double y) => x - y,
        ('*', double x, double y) => x * y,
        ('/', double x, double y) => x / y,
        _ => throw new CelException($"no such overload: {TypeName(a)} {op} {TypeName(b)}"),
    };

    public static bool IsIn(object? item, object? container) => container switch
    {
        List<object?> list => list.Any(x => AreEqual(x, item)),
        JsonObject map => item is string key && map.ContainsKey(key),
        _ => throw new CelException($"no such overload: in {TypeName(container)}"),
    };

    public static object? Field(object? value, string name) => value is JsonObject o
        ? o.TryGetPropertyValue(name, out var found) ? Of(found) : throw new CelException($"no such key: {name}")
        : throw new CelException($"no such field {name} in {TypeName(value)}");

    public static object? At(object? value, object? index) => (value, index) switch
    {
        (List<object?> list, long i) when i >= 0 && i < list.Count => list[(int)i],
        (List<object?>, long i) => throw new CelException($"index out of bounds: {i}"),
        (JsonObject, string key) => Field(value, key),
        _ => throw new CelException($"no such overload: {TypeName(value)}[{TypeName(index)}]"),
    };

    public static long Size(object? value) => value switch
    {
        string s => s.EnumerateRunes().Count(),
        List<object?> list => list.Count,
        JsonObject o => o.Count,
        _ => throw new CelException($"no such overload: size({TypeName(value)})"),
    };

    /// <summary>What a macro walks: the items of a list, the keys of a map.</summary>
    public static IEnumerable<object?> Items(object? value) => value switch
    {
        List<object?> list => list,
        JsonObject o => o.Select(p => (object?)p.Key),
        _ => throw new CelException($"{TypeName(value)} cannot be iterated"),
    };

    public static string Text(object? value) => value switch
    {
        string s => s,
        bool b => b ? "true" : "false",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        _ => throw new CelException($"no such overload: string({TypeName(value)})"),
    };

    private static double Number(object? value) => value is long n ? n : (double)value!;

    private static object? Scalar(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => node.AsText(),
        _ => long.TryParse(node.AsText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
            ? (object)n // boxed here, or the conditional would turn it into a double
            : double.Parse(node.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string TypeName(object? value) => value switch
    {
        null => "null",
        bool => "bool",
        long => "int",
        double => "double",
        string => "string",
        List<object?> => "list",
        _ => "map",
    };
}
