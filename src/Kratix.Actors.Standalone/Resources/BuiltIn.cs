using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Resources;

/// <summary>The kinds this server knows without a CustomResourceDefinition.</summary>
public static class BuiltIn
{
    public static readonly ResourceType Namespaces = Core("Namespace", "namespaces", "ns") with
    { Namespaced = false, HasStatus = true, Subresources = ["finalize"], SelectableFields = ["status.phase"], Columns = BuiltInColumns.Namespaces };

    public static readonly ResourceType ConfigMaps = Core("ConfigMap", "configmaps", "cm") with { Columns = BuiltInColumns.ConfigMaps };

    public static readonly ResourceType Secrets = Core("Secret", "secrets") with { SelectableFields = ["type"], Columns = BuiltInColumns.Secrets };

    public static readonly ResourceType ServiceAccounts = Core("ServiceAccount", "serviceaccounts", "sa") with { Columns = BuiltInColumns.ServiceAccounts };

    public static readonly ResourceType Pods = Core("Pod", "pods", "po") with
    {
        Categories = ["all"],
        HasStatus = true,
        HasGeneration = true,
        Subresources = ["log"],
        SelectableFields = ["spec.nodeName", "status.phase", "spec.restartPolicy", "spec.serviceAccountName", "status.podIP"],
        Columns = BuiltInColumns.Pods,
    };

    private static readonly string[] InvolvedObject =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ];

    public static readonly ResourceType Events = Core("Event", "events", "ev") with { SelectableFields = InvolvedObject, Columns = BuiltInColumns.Events };

    public static readonly ResourceType CustomResourceDefinitions = Of("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "crd", "crds") with
    { Namespaced = false, HasStatus = true, HasGeneration = true, Categories = ["api-extensions"], Columns = BuiltInColumns.CustomResourceDefinitions };

    public static readonly IReadOnlyList<ResourceType> All =
    [
        Namespaces, ConfigMaps, Secrets, ServiceAccounts, Pods, Events, CustomResourceDefinitions,
        Of("events.k8s.io", "Event", "events", "ev") with { StoredAs = Events.GroupResource, StorageApiVersion = "v1", SelectableFields = InvolvedObject, Columns = BuiltInColumns.Events },
        Of("batch", "Job", "jobs") with { HasStatus = true, HasGeneration = true, Categories = ["all"], Columns = BuiltInColumns.Jobs },
        Of("coordination.k8s.io", "Lease", "leases") with { Columns = BuiltInColumns.Leases },
        Of(Rbac, "Role", "roles") with { Columns = BuiltInColumns.NameAndCreated },
        Of(Rbac, "RoleBinding", "rolebindings") with { Columns = BuiltInColumns.RoleBindings },
        Of(Rbac, "ClusterRole", "clusterroles") with { Namespaced = false, Columns = BuiltInColumns.NameAndCreated },
        Of(Rbac, "ClusterRoleBinding", "clusterrolebindings") with { Namespaced = false, Columns = BuiltInColumns.RoleBindings },
        Of("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews") with { Namespaced = false, Verbs = ["create"] },
        Of("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews") with { Namespaced = false, Verbs = ["create"] },
        Of("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews") with { Namespaced = false, Verbs = ["create"] },
    ];

    private const string Rbac = "rbac.authorization.k8s.io";

    private static ResourceType Core(string kind, string plural, params string[] shortNames) => Of("", kind, plural, shortNames);

    private static ResourceType Of(string group, string kind, string plural, params string[] shortNames) => new()
    {
        Group = group,
        Version = "v1",
        Kind = kind,
        Plural = plural,
        Singular = kind.ToLowerInvariant(),
        ShortNames = shortNames,
        ListKind = kind + "List",
    };
}
