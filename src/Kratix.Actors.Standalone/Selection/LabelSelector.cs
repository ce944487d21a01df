using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Selection;

/// <summary>A parsed <c>labelSelector</c>: <c>a=b</c>, <c>a==b</c>, <c>a!=b</c>, <c>a in (b,c)</c>, <c>a notin (b,c)</c>, <c>a</c>, <c>!a</c>, joined by commas.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly IReadOnlyList<Requirement> _requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    public bool IsEverything => _requirements.Count == 0;

    /// <exception cref="ApiException">400, with the place that does not parse.</exception>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? Everything : new LabelSelector([.. Split(text).Select(part => One(part.Trim(), text))]);

    /// <summary>The structured form: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
    public static LabelSelector Of(JsonObject selector) => new(
    [
        .. (selector.Child("matchLabels") ?? []).Select(l => new Requirement(l.Key, Operator.In, [l.Value.AsText()])),
        .. (selector["matchExpressions"] as JsonArray ?? []).OfType<JsonObject>().Select(e => new Requirement(e.Text("key"), OperatorOf(e.Text("operator")), [.. (e["values"] as JsonArray ?? []).Select(v => v.AsText())])),
    ]);

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var r in _requirements)
            if (!r.Matches(labels)) return false;
        return true;
    }

    private static Operator OperatorOf(string name) => name switch
    {
        "In" => Operator.In,
        "NotIn" => Operator.NotIn,
        "Exists" => Operator.Exists,
        "DoesNotExist" => Operator.Missing,
        _ => throw ApiException.BadRequest($"\"{name}\" is not a valid label selector operator"),
    };

    private static IEnumerable<string> Split(string text)
    {
        var depth = 0;
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            else if (text[i] == ')') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }
        yield return text[start..];
    }

    private static Requirement One(string part, string whole)
    {
        if (part.StartsWith('!')) return new Requirement(Key(part[1..], whole), Operator.Missing, []);
        foreach (var (sign, op) in ((string, Operator)[])[("!=", Operator.NotIn), ("==", Operator.In), ("=", Operator.In)])
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0) return new Requirement(Key(part[..at], whole), op, [part[(at + sign.Length)..].Trim()]);
        }
        var words = part.Split((char[])[' ', '\t', '('], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 2 && part.EndsWith(')') && part.Contains('(', StringComparison.Ordinal))
        {
            var open = part.IndexOf('(', StringComparison.Ordinal);
            var head = part[..open].Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] values = [.. part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries)];
            if (head is [var key, "in"]) return new Requirement(Key(key, whole), Operator.In, values);
            if (head is [var other, "notin"]) return new Requirement(Key(other, whole), Operator.NotIn, values);
        }
        return new Requirement(Key(part, whole), Operator.Exists, []);
    }

    private static string Key(string text, string whole)
    {
        var key = text.Trim();
        if (key.Length == 0 || key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/')))
            throw ApiException.BadRequest($"unable to parse requirement: found '{key}', expected: identifier in label selector \"{whole}\"");
        return key;
    }

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        Missing,
    }

    private sealed record Requirement(string Key, Operator Operator, string[] Values)
    {
        public bool Matches(IReadOnlyDictionary<string, string> labels) => Operator switch
        {
            Operator.In => labels.TryGetValue(Key, out var v) && Values.Contains(v),
            Operator.NotIn => !labels.TryGetValue(Key, out var v) || !Values.Contains(v),
            Operator.Exists => labels.ContainsKey(Key),
            Operator.Missing => !labels.ContainsKey(Key),
            _ => throw new InvalidOperationException($"unknown operator {Operator}"),
        };
    }
}
