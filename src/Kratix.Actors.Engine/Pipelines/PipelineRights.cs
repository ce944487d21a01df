using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>An object that a Pipeline's containers need before they run.</summary>
internal sealed record RightsObject(ResourceType Type, JsonObject Body);

/// <summary>
/// What a Pipeline's containers run as and what they may do: by default reading and updating their own object, its status and Works, and beyond that what the
/// <c>rbac</c> section grants. Pure. <paramref name="Digest"/> names the granted permissions; objects that carry another one are of before.
/// </summary>
internal sealed record PipelineRights(string Account, string Namespace, string Digest, ImmutableArray<RightsObject> Objects)
{
    /// <summary>On every object that the <c>rbac</c> section asked for: which section it was.</summary>
    internal const string DigestLabel = "kratix.io/permissions";

    /// <summary>As the reference writes it for a permission in all namespaces.</summary>
    private const string Everywhere = "kratix_all_namespaces";

    private static readonly string[] OwnVerbs = ["get", "list", "update", "create", "patch"];
    private static readonly string[] RuleFields = ["apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"];

    /// <summary>Identifies the Pipeline among all: <c>promise-type-action-pipeline</c>.</summary>
    internal static string IdOf(RunRequest request) => $"{request.Subject.Promise}-{request.Subject.WorkflowType}-{request.WorkflowAction}-{request.PipelineName}";

    internal static string AccountOf(RunRequest request) => request.Pipeline["spec"]?["rbac"] is not JsonObject rbac
        ? PipelineAccounts.NameFor(request.Subject.Promise)
        : rbac["serviceAccount"]?.ToString() is { Length: > 0 } own ? own : IdOf(request);

    internal static PipelineRights Of(RunRequest request)
    {
        var (subject, ns, id, account) = (request.Subject, RunPlanner.NamespaceOf(request), IdOf(request), AccountOf(request));
        var permissions = request.Pipeline["spec"]?["rbac"]?["permissions"] as JsonArray ?? [];
        var digest = Canonical.DigestOf(permissions)[..10];
        var labels = RunPlanner.OwnLabels(request).Remove(Marks.ResourceName).Remove(Marks.ResourceNamespace).SetItem(Marks.PipelineNamespace, ns);
        var objects = ImmutableArray.CreateBuilder<RightsObject>();
        objects.Add(new RightsObject(Kinds.ServiceAccount, Body("v1", "ServiceAccount", account, ns, labels.Clear().Add(Marks.PromiseName, subject.Promise))));
        // One account may serve several Pipelines and namespaces; the rights are each Pipeline's own.
        if (subject.IsPromise)
            Grant(null, id, labels, [Rule(Kinds.Group, OwnVerbs, "promises", "promises/status", "works")]);
        else
        {
            var own = Rule(subject.Group, OwnVerbs, subject.Plural, $"{subject.Plural}/status");
            Grant(ns, id, labels, [own, Rule(Kinds.Group, ["*"], "works")]);
            if (ns != subject.Namespace)
                Grant(null, $"{id}-{subject.Namespace}", labels, [own.DeepClone()]);
        }

        foreach (var permission in permissions.OfType<JsonObject>())
        {
            var where = permission["resourceNamespace"]?.ToString() ?? "";
            var name = GeneratedName.Of(id, Core.Digest.Of(id, ns, Canonical.Text(permission)));
            var marked = labels.SetItem(DigestLabel, digest).SetItem(Marks.ResourceNamespace, where.Length == 0 ? ns : where == "*" ? Everywhere : where);
            var rule = new JsonObject(RuleFields.Where(f => permission[f] is not null).Select(f => KeyValuePair.Create(f, permission[f]?.DeepClone())));
            if (where.Length == 0)
                Grant(ns, name, marked, [rule]);
            else if (where == "*")
                Grant(null, name, marked, [rule]);
            else
            {
                objects.Add(new RightsObject(Kinds.ClusterRole, Role("ClusterRole", name, null, marked, [rule])));
                objects.Add(new RightsObject(Kinds.RoleBinding, Binding("RoleBinding", "ClusterRole", name, where, marked)));
            }
        }

        return new PipelineRights(account, ns, digest, objects.ToImmutable());

        void Grant(string? within, string name, ImmutableSortedDictionary<string, string> marked, JsonArray rules)
        {
            var cluster = within is null ? "Cluster" : "";
            objects.Add(new RightsObject(within is null ? Kinds.ClusterRole : Kinds.Role, Role($"{cluster}Role", name, within, marked, rules)));
            objects.Add(new RightsObject(
                within is null ? Kinds.ClusterRoleBinding : Kinds.RoleBinding,
                Binding($"{cluster}RoleBinding", $"{cluster}Role", name, within, marked)));
        }

        JsonObject Binding(string kind, string role, string name, string? within, ImmutableSortedDictionary<string, string> marked)
        {
            var body = Body("rbac.authorization.k8s.io/v1", kind, name, within, marked);
            body["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = role, ["name"] = name };
            body["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = ns });
            return body;
        }
    }

    private static JsonObject Rule(string group, IEnumerable<string> verbs, params IEnumerable<string> resources) => new()
    {
        ["apiGroups"] = new JsonArray(group), ["resources"] = Texts(resources), ["verbs"] = Texts(verbs),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => Engine.Objects.Texts(texts);

    private static JsonObject Role(string kind, string name, string? ns, ImmutableSortedDictionary<string, string> labels, JsonArray rules)
    {
        var body = Body("rbac.authorization.k8s.io/v1", kind, name, ns, labels);
        body["rules"] = new JsonArray([.. rules.Select(r => r?.DeepClone())]);
        return body;
    }

    private static JsonObject Body(string version, string kind, string name, string? ns, ImmutableSortedDictionary<string, string> labels)
    {
        var metadata = new JsonObject { ["name"] = name, ["labels"] = Engine.Objects.Labels(labels) };
        if (ns is not null)
            metadata["namespace"] = ns;
        return new JsonObject { ["apiVersion"] = version, ["kind"] = kind, ["metadata"] = metadata };
    }
}
