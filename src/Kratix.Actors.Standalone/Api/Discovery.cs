using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.Api;

/// <summary>What there is: groups, versions and kinds, one by one or (for clients that ask) all at once.</summary>
internal static class Discovery
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    public static async Task<bool> TryAnswer(HttpContext http, string[] path, ResourceCatalog catalog)
    {
        var wantsAll = http.Request.Headers.Accept.ToString().Contains("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", StringComparison.Ordinal);
        JsonNode? answer = path switch
        {
            ["api"] => wantsAll ? All(catalog, isCore: true) : new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = http.Request.Host.Value }),
            },
            ["apis"] => wantsAll ? All(catalog, isCore: false) : new JsonObject
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([.. Groups(catalog).Select(g => (JsonNode)Group(g))]),
            },
            ["api", var version] => Resources(catalog, "", version),
            ["apis", var group] when Groups(catalog).FirstOrDefault(g => g.Key == group) is { } found => Group(found, isDocument: true),
            ["apis", var group, var version] => Resources(catalog, group, version),
            _ => null,
        };
        if (answer is null) return false;
        await Answers.Send(http, 200, answer, wantsAll && path.Length == 1 ? Aggregated : "application/json");
        return true;
    }

    private static IEnumerable<IGrouping<string, ResourceType>> Groups(ResourceCatalog catalog) => catalog.All.Where(t => t.Group.Length > 0).GroupBy(t => t.Group);

    private static JsonObject Group(IGrouping<string, ResourceType> group, bool isDocument = false)
    {
        var versions = group.Select(t => t.Version).Distinct().Order(VersionOrder.NewestFirst)
            .Select(v => new JsonObject { ["groupVersion"] = $"{group.Key}/{v}", ["version"] = v }).ToList();
        var answer = new JsonObject();
        if (isDocument)
        {
            answer["kind"] = "APIGroup";
            answer["apiVersion"] = "v1";
        }
        answer["name"] = group.Key;
        answer["versions"] = new JsonArray([.. versions]);
        answer["preferredVersion"] = versions[0].DeepClone();
        return answer;
    }

    private static JsonObject? Resources(ResourceCatalog catalog, string group, string version)
    {
        var types = catalog.All.Where(t => t.Group == group && t.Version == version).ToList();
        if (types.Count == 0) return null;
        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = types[0].ApiVersion,
            ["resources"] = new JsonArray([.. types.SelectMany(Entries)]),
        };
    }

    private static IEnumerable<JsonNode> Entries(ResourceType t)
    {
        var entry = new JsonObject
        {
            ["name"] = t.Plural,
            ["singularName"] = t.Singular,
            ["namespaced"] = t.Namespaced,
            ["kind"] = t.Kind,
            ["verbs"] = t.Verbs.ToJsonArray(),
        };
        if (t.ShortNames.Count > 0) entry["shortNames"] = t.ShortNames.ToJsonArray();
        if (t.Categories.Count > 0) entry["categories"] = t.Categories.ToJsonArray();
        yield return entry;
        foreach (var (sub, verbs) in Subresources(t))
            yield return new JsonObject { ["name"] = $"{t.Plural}/{sub}", ["singularName"] = "", ["namespaced"] = t.Namespaced, ["kind"] = t.Kind, ["verbs"] = verbs.ToJsonArray() };
    }

    private static IEnumerable<(string Name, string[] Verbs)> Subresources(ResourceType t)
    {
        if (t.HasStatus) yield return ("status", ["get", "patch", "update"]);
        foreach (var sub in t.Subresources) yield return (sub, sub == "log" ? ["get"] : ["update"]);
    }

    private static JsonObject All(ResourceCatalog catalog, bool isCore) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = "apidiscovery.k8s.io/v2",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. catalog.All.Where(t => t.Group.Length == 0 == isCore).GroupBy(t => t.Group).Select(g => (JsonNode)new JsonObject
        {
            ["metadata"] = isCore ? new JsonObject { ["creationTimestamp"] = null } : new JsonObject { ["name"] = g.Key, ["creationTimestamp"] = null },
            ["versions"] = new JsonArray([.. g.GroupBy(t => t.Version).OrderBy(v => v.Key, VersionOrder.NewestFirst).Select(v => (JsonNode)new JsonObject
            {
                ["version"] = v.Key,
                ["freshness"] = "Current",
                ["resources"] = new JsonArray([.. v.Select(t => (JsonNode)AggregatedEntry(t))]),
            })]),
        })]),
    };

    private static JsonObject AggregatedEntry(ResourceType t)
    {
        var entry = new JsonObject
        {
            ["resource"] = t.Plural,
            ["responseKind"] = ResponseKind(t),
            ["scope"] = t.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = t.Singular,
            ["verbs"] = t.Verbs.ToJsonArray(),
        };
        if (t.ShortNames.Count > 0) entry["shortNames"] = t.ShortNames.ToJsonArray();
        if (t.Categories.Count > 0) entry["categories"] = t.Categories.ToJsonArray();
        var subresources = Subresources(t)
            .Select(s => (JsonNode)new JsonObject { ["subresource"] = s.Name, ["responseKind"] = ResponseKind(t), ["verbs"] = s.Verbs.ToJsonArray() }).ToArray();
        if (subresources.Length > 0) entry["subresources"] = new JsonArray(subresources);
        return entry;
    }

    private static JsonObject ResponseKind(ResourceType t) => new() { ["group"] = t.Group, ["version"] = t.Version, ["kind"] = t.Kind };
}
