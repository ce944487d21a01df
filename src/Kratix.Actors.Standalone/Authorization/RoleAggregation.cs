using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Selection;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>Fills the rules of ClusterRoles with an <c>aggregationRule</c> from the ClusterRoles it selects.</summary>
internal static class RoleAggregation
{
    /// <summary>Called after each change of a ClusterRole; aggregated roles may be made of aggregated ones, so it goes on until nothing changes.</summary>
    public static async Task Refresh(ObjectStore store)
    {
        while (await RefreshOnce(store)) { }
    }

    private static async Task<bool> RefreshOnce(ObjectStore store)
    {
        var all = store.List(BuiltIn.ClusterRoles.Storage).Items;
        var changed = false;
        foreach (var role in all)
        {
            var tree = role.Parse();
            if (tree.At("aggregationRule", "clusterRoleSelectors") is not JsonArray selectors) continue;
            var wanted = selectors.OfType<JsonObject>().Select(LabelSelector.Of).ToList();
            var rules = new JsonArray();
            // Each rule once: roles that select each other would otherwise grow for ever.
            foreach (var rule in all.Where(r => r != role && wanted.Any(s => s.Matches(r.Header.Labels))).SelectMany(RulesOf))
                if (!rules.Any(known => JsonNode.DeepEquals(known, rule))) rules.Add(rule);
            if (JsonNode.DeepEquals(tree["rules"], rules)) continue;
            changed = true;
            await store.Change(role.Key, o =>
            {
                o["rules"] = rules.DeepClone();
                return o;
            });
        }
        return changed;
    }

    private static IEnumerable<JsonNode> RulesOf(StoredObject role) => role.Parse()["rules"] is JsonArray rules ? rules.OfType<JsonObject>().Select(r => r.DeepClone()) : [];
}
