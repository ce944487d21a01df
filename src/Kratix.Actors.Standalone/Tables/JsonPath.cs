using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Tables;

/// <summary>
/// The part of Kubernetes' JSONPath that printer columns use: <c>.a.b</c>, <c>['a']</c>, <c>[0]</c>, <c>[-1]</c>, <c>[*]</c>, <c>.*</c>,
/// <c>..a</c> and filters <c>[?(@.type=="Ready")]</c> with <c>==</c> and <c>!=</c>.
/// </summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonNode, IEnumerable<JsonNode>>> _steps = [];

    private JsonPath()
    {
    }

    /// <exception cref="FormatException">Says what is wrong and where.</exception>
    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        var rest = text.Trim();
        if (rest.StartsWith('{') && rest.EndsWith('}')) rest = rest[1..^1];
        if (rest.StartsWith('$')) rest = rest[1..];
        while (rest.Length > 0) rest = path.Take(rest, text);
        return path;
    }

    public IEnumerable<JsonNode> Select(JsonNode root)
    {
        IEnumerable<JsonNode> found = [root];
        foreach (var step in _steps) found = found.SelectMany(step);
        return found;
    }

    private string Take(string rest, string whole)
    {
        if (rest.StartsWith("..", StringComparison.Ordinal))
        {
            var (name, left) = Name(rest[2..]);
            _steps.Add(n => Descendants(n).SelectMany(d => Field(d, name)));
            return left;
        }
        if (rest[0] == '[') return TakeBracket(rest, whole);
        var (field, after) = Name(rest[0] == '.' ? rest[1..] : rest);
        if (field.Length == 0 && after.Length == rest.Length - 1 && after.Length > 0 && after[0] != '[')
            throw new FormatException($"JSONPath {whole}: unexpected '{after[0]}'");
        if (field == "*") _steps.Add(Children);
        else if (field.Length > 0) _steps.Add(n => Field(n, field));
        return after;
    }

    private string TakeBracket(string rest, string whole)
    {
        var end = Closing(rest, whole);
        var inside = rest[1..end].Trim();
        if (inside == "*") _steps.Add(Children);
        else if (inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')')) _steps.Add(Filter(inside[2..^1], whole));
        else if (inside.Length > 1 && inside[0] is '\'' or '"') _steps.Add(n => Field(n, inside[1..^1]));
        else if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)) _steps.Add(n => Item(n, index));
        else throw new FormatException($"JSONPath {whole}: [{inside}] is neither an index, a quoted name, * nor a filter");
        return rest[(end + 1)..];
    }

    private static int Closing(string rest, string whole)
    {
        var quote = '\0';
        for (var i = 1; i < rest.Length; i++)
        {
            if (quote != '\0') quote = rest[i] == quote ? '\0' : quote;
            else if (rest[i] is '\'' or '"') quote = rest[i];
            else if (rest[i] == ']') return i;
        }
        throw new FormatException($"JSONPath {whole}: '[' is never closed");
    }

    private static Func<JsonNode, IEnumerable<JsonNode>> Filter(string expression, string whole)
    {
        foreach (var op in (string[])["==", "!="])
        {
            var at = expression.IndexOf(op, StringComparison.Ordinal);
            if (at < 0) continue;
            var left = Parse(expression[..at].Trim().TrimStart('@'));
            var wanted = expression[(at + 2)..].Trim().Trim('\'', '"');
            return n => Children(n).Where(c => left.Select(c).Any(v => v.AsText() == wanted) == (op == "=="));
        }
        if (!expression.TrimStart().StartsWith('@')) throw new FormatException($"JSONPath {whole}: filter {expression} must compare with == or !=");
        var exists = Parse(expression.Trim().TrimStart('@'));
        return n => Children(n).Where(c => exists.Select(c).Any());
    }

    private static (string Name, string Left) Name(string text)
    {
        var name = new System.Text.StringBuilder();
        var i = 0;
        for (; i < text.Length && text[i] is not ('.' or '['); i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length) i++;
            name.Append(text[i]);
        }
        return (name.ToString(), text[i..]);
    }

    private static IEnumerable<JsonNode> Field(JsonNode node, string name) => node is JsonObject o && o[name] is { } found ? [found] : [];

    private static IEnumerable<JsonNode> Item(JsonNode node, int index)
    {
        if (node is not JsonArray a) return [];
        var i = index < 0 ? a.Count + index : index;
        return i >= 0 && i < a.Count && a[i] is { } found ? [found] : [];
    }

    private static IEnumerable<JsonNode> Children(JsonNode node) => node switch
    {
        JsonArray a => a.OfType<JsonNode>(),
        JsonObject o => o.Select(p => p.Value).OfType<JsonNode>(),
        _ => [],
    };

    private static IEnumerable<JsonNode> Descendants(JsonNode node) => Children(node).SelectMany(Descendants).Prepend(node);

    /// <summary>How a value stands in a cell: text bare, structures as JSON.</summary>
    public static string Shown(JsonNode value) => value.GetValueKind() == JsonValueKind.String ? value.AsText() : value.ToJsonString(JsonExtensions.SerializerOptions);
}
