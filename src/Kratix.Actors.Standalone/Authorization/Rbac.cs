using System.Runtime.CompilerServices;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>
/// Role-based access control over the roles and bindings in the store. Each stored state is read once and forgotten with it, so an answer always
/// follows from what is stored now: there is no cache that could lag behind a <c>kubectl delete rolebinding</c>.
/// </summary>
internal sealed class Rbac(ObjectStore store)
{
    private readonly ConditionalWeakTable<StoredObject, Binding> _bindings = [];
    private readonly ConditionalWeakTable<StoredObject, IReadOnlyList<PolicyRule>> _rules = [];

    public AccessDecision Decide(AccessRequest request)
    {
        if (request.User.IsMaster) return new AccessDecision(true, "");
        var missing = "";
        foreach (var (binding, subject) in BindingsOf(request.User, request.Namespace))
        {
            if (RulesOf(binding) is not { } rules) missing = $"RBAC: {MissingRole(binding)}";
            else if (rules.Any(r => r.Allows(request))) return new AccessDecision(true, $"RBAC: allowed by {binding} of {binding.RoleKind} \"{binding.RoleName}\" to {subject}");
        }
        return new AccessDecision(false, missing);
    }

    /// <summary>Everything a user holds in a namespace, or in the whole cluster when it is "".</summary>
    public IReadOnlyList<PolicyRule> RulesFor(UserInfo user, string ns) => [.. BindingsOf(user, ns).SelectMany(b => RulesOf(b.Binding) ?? [])];

    /// <summary>The rules a binding grants; null when its role is not there.</summary>
    public IReadOnlyList<PolicyRule>? RulesOf(Binding binding)
    {
        var key = binding.RoleKind == "ClusterRole" ? BuiltIn.ClusterRoles.Key("", binding.RoleName) : BuiltIn.Roles.Key(binding.Namespace, binding.RoleName);
        return store.Get(key) is { } role ? _rules.GetValue(role, static r => PolicyRule.Of(r.Parse()["rules"])) : null;
    }

    private IEnumerable<(Binding Binding, Subject Subject)> BindingsOf(UserInfo user, string ns)
    {
        var now = store.Current;
        var all = now.List(BuiltIn.ClusterRoleBindings.Storage, null);
        if (ns.Length > 0) all = all.Concat(now.List(BuiltIn.RoleBindings.Storage, ns));
        foreach (var stored in all)
        {
            var binding = _bindings.GetValue(stored, Binding.Of);
            if (binding.Subjects.FirstOrDefault(s => s.Is(user)) is { } subject) yield return (binding, subject);
        }
    }

    private static string MissingRole(Binding binding) => $"{binding.RoleKind.ToLowerInvariant()}.rbac.authorization.k8s.io \"{binding.RoleName}\" not found";
}
