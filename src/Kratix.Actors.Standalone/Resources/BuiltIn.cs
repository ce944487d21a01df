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

    public static readonly ResourceType ServiceAccounts = Core("ServiceAccount", "serviceaccounts", "sa") with { Subresources = ["token"], Columns = BuiltInColumns.ServiceAccounts };

    public static readonly ResourceType Pods = Core("Pod", "pods", "po") with
    {
        Categories = ["all"],
        HasStatus = true,
        HasGeneration = true,
        Subresources = ["log"],
        SelectableFields = ["spec.nodeName", "status.phase", "spec.restartPolicy", "spec.serviceAccountName", "status.podIP"],
        Columns = BuiltInColumns.Pods,
    };

    /// <summary>Known so that clients which ask for the services of a cluster (<c>kubectl cluster-info</c>, <c>get all</c>) hear of none; there is no network they could stand for.</summary>
    public static readonly ResourceType Services = Core("Service", "services", "svc") with { Categories = ["all"], Verbs = ["get", "list", "watch"], Columns = BuiltInColumns.NameAndCreated };

    private static readonly string[] InvolvedObject =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ];

    public static readonly ResourceType Events = Core("Event", "events", "ev") with { SelectableFields = InvolvedObject, Columns = BuiltInColumns.Events };

    public static readonly ResourceType CustomResourceDefinitions = Of("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "crd", "crds") with
    { Namespaced = false, HasStatus = true, HasGeneration = true, Categories = ["api-extensions"], Columns = BuiltInColumns.CustomResourceDefinitions };

    public static readonly ResourceType Roles = Of(Rbac, "Role", "roles") with { Columns = BuiltInColumns.NameAndCreated };

    public static readonly ResourceType RoleBindings = Of(Rbac, "RoleBinding", "rolebindings") with { Columns = BuiltInColumns.RoleBindings };

    public static readonly ResourceType ClusterRoles = Of(Rbac, "ClusterRole", "clusterroles") with { Namespaced = false, Columns = BuiltInColumns.NameAndCreated };

    public static readonly ResourceType ClusterRoleBindings = Of(Rbac, "ClusterRoleBinding", "clusterrolebindings") with
    { Namespaced = false, Columns = BuiltInColumns.RoleBindings };

    public static readonly ResourceType SubjectAccessReviews = Review("authorization.k8s.io", "SubjectAccessReview");

    public static readonly ResourceType LocalSubjectAccessReviews = Review("authorization.k8s.io", "LocalSubjectAccessReview") with { Namespaced = true };

    public static readonly ResourceType SelfSubjectAccessReviews = Review("authorization.k8s.io", "SelfSubjectAccessReview");

    public static readonly ResourceType SelfSubjectRulesReviews = Review("authorization.k8s.io", "SelfSubjectRulesReview");

    public static readonly ResourceType SelfSubjectReviews = Review("authentication.k8s.io", "SelfSubjectReview");

    public static readonly ResourceType TokenReviews = Review("authentication.k8s.io", "TokenReview");

    /// <summary>The body of <c>serviceaccounts/NAME/token</c>; not addressed by itself.</summary>
    internal static readonly ResourceType TokenRequests = Review("authentication.k8s.io", "TokenRequest");

    public static readonly IReadOnlyList<ResourceType> All =
    [
        Namespaces, ConfigMaps, Secrets, ServiceAccounts, Pods, Services, Events, CustomResourceDefinitions,
        Of("events.k8s.io", "Event", "events", "ev") with { StoredAs = Events.GroupResource, StorageApiVersion = "v1", SelectableFields = InvolvedObject, Columns = BuiltInColumns.Events },
        Of("batch", "Job", "jobs") with { HasStatus = true, HasGeneration = true, Categories = ["all"], Columns = BuiltInColumns.Jobs },
        Of("coordination.k8s.io", "Lease", "leases") with { Columns = BuiltInColumns.Leases },
        Roles, RoleBindings, ClusterRoles, ClusterRoleBindings,
        SubjectAccessReviews, LocalSubjectAccessReviews, SelfSubjectAccessReviews, SelfSubjectRulesReviews, SelfSubjectReviews, TokenReviews,
    ];

    private const string Rbac = "rbac.authorization.k8s.io";

    private static ResourceType Review(string group, string kind) => Of(group, kind, kind.ToLowerInvariant() + "s") with { Namespaced = false, Verbs = ["create"] };

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
