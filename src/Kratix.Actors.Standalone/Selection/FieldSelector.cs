using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Selection;

/// <summary>A parsed <c>fieldSelector</c>; which fields may be named depends on the kind.</summary>
internal sealed class FieldSelector
{
    private readonly IReadOnlyList<(string[] Path, bool Equal, string Value)> _terms;

    private FieldSelector(IReadOnlyList<(string[], bool, string)> terms, string? name)
    {
        _terms = terms;
        Name = name;
    }

    /// <summary>The one name selected by <c>metadata.name=…</c>, which needs no search.</summary>
    public string? Name { get; }

    public bool IsEverything => _terms.Count == 0;

    public static FieldSelector Parse(string? text, ResourceType type)
    {
        if (string.IsNullOrWhiteSpace(text)) return new FieldSelector([], null);
        var terms = new List<(string[] Path, bool Equal, string Value)>();
        string? name = null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (field, equal, value) = Term(part);
            if (field is not ("metadata.name" or "metadata.namespace") && !type.SelectableFields.Contains(field))
                throw ApiException.BadRequest($"Unable to find \"{type.GroupResource}\" that match label selector \"\", field selector \"{text}\": field label not supported: {field}");
            if (field == "metadata.name" && equal) name = value;
            terms.Add((field.Split('.'), equal, value));
        }
        return new FieldSelector(terms, name);
    }

    public bool Matches(StoredObject o)
    {
        if (_terms.Count == 0) return true;
        JsonObject? body = null;
        foreach (var (path, equal, value) in _terms)
        {
            var actual = path is ["metadata", "name"] ? o.Name
                : path is ["metadata", "namespace"] ? o.Namespace
                : (body ??= o.Parse()).At(path).AsText();
            if (actual == value != equal) return false;
        }
        return true;
    }

    private static (string Field, bool Equal, string Value) Term(string part)
    {
        foreach (var sign in (string[])["!=", "==", "="])
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0) return (part[..at], sign != "!=", part[(at + sign.Length)..]);
        }
        throw ApiException.BadRequest($"invalid selector: '{part}'; can't understand '{part}'");
    }
}
