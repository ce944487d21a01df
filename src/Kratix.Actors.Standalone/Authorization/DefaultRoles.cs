using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>
/// The roles every cluster has, with the rights that mean something here: those over kinds this server knows. <c>admin</c>, <c>edit</c> and
/// <c>view</c> are aggregated, so a Promise that labels a ClusterRole adds its own kinds to them.
/// </summary>
internal static class DefaultRoles
{
    private const string AutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";
    private const string AggregateTo = "rbac.authorization.k8s.io/aggregate-to-";
    private const string Read = "get list watch";
    private const string Write = "create delete deletecollection patch update";

    private static readonly (string Name, string Labels, PolicyRule[] Rules)[] Plain =
    [
        ("cluster-admin", "", [Rule("*", "*", "*"), Paths("*", "*")]),
        ("system:basic-user", "", [Rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"), Rule("create", "authentication.k8s.io", "selfsubjectreviews")]),
        ("system:discovery", "", [Paths("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")]),
        ("system:public-info-viewer", "", [Paths("get", "/healthz /livez /readyz /version /version/")]),
        ("system:service-account-issuer-discovery", "", [Paths("get", "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/")]),
        ("system:auth-delegator", "", [Rule("create", "authentication.k8s.io", "tokenreviews"), Rule("create", "authorization.k8s.io", "subjectaccessreviews")]),
        ("system:aggregate-to-view", "view",
        [
            Rule(Read, "", "configmaps events namespaces namespaces/status pods pods/log pods/status serviceaccounts"),
            Rule(Read, "batch", "jobs jobs/status"), Rule(Read, "events.k8s.io", "events"),
        ]),
        ("system:aggregate-to-edit", "edit",
        [
            Rule(Read, "", "secrets"), Rule(Write, "", "configmaps pods secrets serviceaccounts"), Rule("create", "", "serviceaccounts/token"),
            Rule("impersonate", "", "serviceaccounts"), Rule("create patch update", "", "events"), Rule(Write, "batch", "jobs"),
            Rule($"{Read} {Write}", "coordination.k8s.io", "leases"),
        ]),
        ("system:aggregate-to-admin", "admin",
        [
            Rule("create", "authorization.k8s.io", "localsubjectaccessreviews"), Rule($"{Read} {Write}", "rbac.authorization.k8s.io", "roles rolebindings"),
        ]),
    ];

    private static readonly (string Name, string Labels)[] Aggregated = [("admin", ""), ("edit", "admin"), ("view", "edit")];

    private static readonly (string Name, string Group)[] Bindings =
    [
        ("cluster-admin", UserInfo.Masters), ("system:basic-user", UserInfo.Authenticated), ("system:discovery", UserInfo.Authenticated),
        ("system:public-info-viewer", UserInfo.Authenticated), ("system:service-account-issuer-discovery", UserInfo.ServiceAccounts),
    ];

    /// <summary>Makes what is missing, and brings back rules that were changed, unless the role's annotation says to leave them.</summary>
    public static async Task Ensure(ObjectStore store)
    {
        foreach (var (name, aggregateTo, rules) in Plain)
        {
            var wanted = new JsonArray([.. rules.Select(r => (JsonNode)r.ToJson())]);
            if (await store.TryCreate(BuiltIn.ClusterRoles.Key("", name), Role(aggregateTo, "rules", wanted.DeepClone())) is null)
                await store.Change(BuiltIn.ClusterRoles.Key("", name), o => WithRules(o, wanted));
        }
        foreach (var (name, aggregateTo) in Aggregated)
        {
            var selector = new JsonObject { ["matchLabels"] = new JsonObject { [AggregateTo + name] = "true" } };
            var role = Role(aggregateTo, "aggregationRule", new JsonObject { ["clusterRoleSelectors"] = new JsonArray(selector) });
            role["rules"] = new JsonArray();
            await store.TryCreate(BuiltIn.ClusterRoles.Key("", name), role);
        }
        foreach (var (name, group) in Bindings)
        {
            var binding = Object("ClusterRoleBinding", "");
            binding["roleRef"] = new JsonObject { ["apiGroup"] = BuiltIn.ClusterRoles.Group, ["kind"] = "ClusterRole", ["name"] = name };
            binding["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = BuiltIn.ClusterRoles.Group, ["kind"] = "Group", ["name"] = group });
            await store.TryCreate(BuiltIn.ClusterRoleBindings.Key("", name), binding);
        }
    }

    private static JsonObject? WithRules(JsonObject role, JsonArray wanted)
    {
        if (role.At("metadata", "annotations", AutoUpdate).AsText() != "true" || JsonNode.DeepEquals(role["rules"], wanted)) return null;
        role["rules"] = wanted.DeepClone();
        return role;
    }

    private static JsonObject Role(string aggregateTo, string field, JsonNode value)
    {
        var role = Object("ClusterRole", aggregateTo);
        role[field] = value;
        return role;
    }

    private static JsonObject Object(string kind, string aggregateTo)
    {
        var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        if (aggregateTo.Length > 0) labels[AggregateTo + aggregateTo] = "true";
        return new JsonObject
        {
            ["apiVersion"] = BuiltIn.ClusterRoles.ApiVersion,
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AutoUpdate] = "true" }, ["labels"] = labels },
        };
    }

    private static PolicyRule Rule(string verbs, string group, string resources) => new(verbs.Split(' '), [group], resources.Split(' '), [], []);

    private static PolicyRule Paths(string verbs, string paths) => new(verbs.Split(' '), [], [], [], paths.Split(' '));
}
