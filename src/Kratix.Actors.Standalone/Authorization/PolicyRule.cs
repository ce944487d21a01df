using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>One entry of a role's <c>rules</c>. An empty list of names means all of them; in every other list <c>*</c> does.</summary>
internal sealed record PolicyRule(
    IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Names, IReadOnlyList<string> Paths)
{
    public static IReadOnlyList<PolicyRule> Of(JsonNode? rules) => rules is JsonArray list ? [.. list.OfType<JsonObject>().Select(Of)] : [];

    public bool Allows(AccessRequest request) => Lists(Verbs, request.Verb) && (request.Path is { } path
        ? Paths.Any(p => Covers(p, path))
        : Lists(Groups, request.Group) && Resources.Any(r => IsOf(r, request)) && (Names.Count == 0 || Names.Contains(request.Name)));

    /// <summary>The same rights as rules of one verb, group, resource and name each.</summary>
    public IEnumerable<PolicyRule> Single()
    {
        foreach (var verb in Verbs)
        {
            foreach (var path in Paths) yield return new PolicyRule([verb], [], [], [], [path]);
            foreach (var group in Groups)
            {
                foreach (var resource in Resources)
                {
                    if (Names.Count == 0) yield return new PolicyRule([verb], [group], [resource], [], []);
                    foreach (var name in Names) yield return new PolicyRule([verb], [group], [resource], [name], []);
                }
            }
        }
    }

    /// <summary>Whether whoever holds this rule holds all of <paramref name="single"/>, one of <see cref="Single"/>.</summary>
    public bool Contains(PolicyRule single) => Lists(Verbs, single.Verbs[0]) && (single.Paths.Count > 0
        ? Paths.Any(p => Covers(p, single.Paths[0]))
        : Lists(Groups, single.Groups[0])
            && Resources.Any(r => r == "*" || r == single.Resources[0] || (r.StartsWith("*/", StringComparison.Ordinal) && single.Resources[0].EndsWith(r[1..], StringComparison.Ordinal)))
            && (Names.Count == 0 || (single.Names.Count > 0 && Names.Contains(single.Names[0]))));

    public JsonObject ToJson()
    {
        var o = new JsonObject { ["verbs"] = Verbs.ToJsonArray() };
        if (Groups.Count > 0) o["apiGroups"] = Groups.ToJsonArray();
        if (Resources.Count > 0) o["resources"] = Resources.ToJsonArray();
        if (Names.Count > 0) o["resourceNames"] = Names.ToJsonArray();
        if (Paths.Count > 0) o["nonResourceURLs"] = Paths.ToJsonArray();
        return o;
    }

    /// <summary>As kube-apiserver lists rights in a refusal.</summary>
    public override string ToString()
    {
        static string List(string name, IReadOnlyList<string> values) => values.Count == 0 ? "" : $"{name}:[{string.Join(' ', values.Select(v => $"\"{v}\""))}]";
        return "{" + string.Join(", ", ((string[])[List("APIGroups", Groups), List("Resources", Resources), List("ResourceNames", Names), List("NonResourceURLs", Paths), List("Verbs", Verbs)]).Where(p => p.Length > 0)) + "}";
    }

    private static PolicyRule Of(JsonObject rule) =>
        new(Texts(rule["verbs"]), Texts(rule["apiGroups"]), Texts(rule["resources"]), Texts(rule["resourceNames"]), Texts(rule["nonResourceURLs"]));

    private static bool IsOf(string resource, AccessRequest request) =>
        resource == "*" || resource == request.FullResource || (request.Subresource.Length > 0 && resource == $"*/{request.Subresource}");

    private static bool Lists(IReadOnlyList<string> list, string wanted) => list.Contains("*") || list.Contains(wanted);

    private static bool Covers(string pattern, string path) =>
        pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));

    private static string[] Texts(JsonNode? list) => list is JsonArray a ? [.. a.Select(t => t.AsText())] : [];
}
