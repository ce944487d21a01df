using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>Nobody gives away rights they do not hold, unless they hold the right to: <c>escalate</c> for roles, <c>bind</c> for bindings.</summary>
internal sealed class Escalation(Rbac rbac)
{
    /// <param name="before">Null for a create. A write that leaves rules or grant as they were is not looked at.</param>
    /// <exception cref="ApiException">403, with the rights that are missing.</exception>
    public void Check(UserInfo user, ResourceType type, string ns, string name, JsonObject next, JsonObject? before)
    {
        if (user.IsMaster) return;
        if (type == BuiltIn.Roles || type == BuiltIn.ClusterRoles) CheckRole(user, type, ns, name, next, before);
        else if (type == BuiltIn.RoleBindings || type == BuiltIn.ClusterRoleBindings) CheckBinding(user, type, ns, name, next, before);
    }

    private void CheckRole(UserInfo user, ResourceType type, string ns, string name, JsonObject next, JsonObject? before)
    {
        if (before is not null && JsonNode.DeepEquals(before["rules"], next["rules"]) && JsonNode.DeepEquals(before["aggregationRule"], next["aggregationRule"])) return;
        if (rbac.Decide(AccessRequest.To(user, "escalate", type, ns, name)).IsAllowed) return;
        // What an aggregated role will hold is for others to say: only who may do everything may make one.
        IReadOnlyList<PolicyRule> granted = next["aggregationRule"] is JsonObject ? [new PolicyRule(["*"], ["*"], ["*"], [], []), new PolicyRule(["*"], [], [], [], ["*"])] : PolicyRule.Of(next["rules"]);
        CheckHolds(user, type, ns, name, granted);
    }

    private void CheckBinding(UserInfo user, ResourceType type, string ns, string name, JsonObject next, JsonObject? before)
    {
        if (before is not null && JsonNode.DeepEquals(before["subjects"], next["subjects"]) && JsonNode.DeepEquals(before["roleRef"], next["roleRef"])) return;
        var binding = Binding.Of(next, name, ns);
        var role = binding.RoleKind == "ClusterRole" ? BuiltIn.ClusterRoles : BuiltIn.Roles;
        if (rbac.Decide(AccessRequest.To(user, "bind", role, ns, binding.RoleName)).IsAllowed) return;
        CheckHolds(user, type, ns, name, rbac.RulesOf(binding) ?? throw ApiException.NotFound(role, binding.RoleName));
    }

    private void CheckHolds(UserInfo user, ResourceType type, string ns, string name, IReadOnlyList<PolicyRule> granted)
    {
        var held = rbac.RulesFor(user, ns);
        var missing = granted.SelectMany(g => g.Single()).Where(g => !held.Any(h => h.Contains(g))).ToList();
        if (missing.Count == 0) return;
        var listed = missing.GroupBy(m => (m with { Verbs = [] }).ToString()).Select(g => g.First() with { Verbs = [.. g.Select(m => m.Verbs[0])] });
        var groups = string.Join(' ', user.Groups.Select(g => $"\"{g}\""));
        throw ApiException.Forbidden(
            type, name,
            $"user \"{user.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{string.Join('\n', listed)}");
    }
}
