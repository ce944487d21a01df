using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine;

/// <summary>The kinds the engine speaks of, and the names the reference gave to things on them.</summary>
public static class Kinds
{
    public const string Group = "platform.kratix.io";
    public const string SystemNamespace = "kratix-platform-system";

    public static readonly ResourceType Promise = Platform("promises", "Promise", false);
    public static readonly ResourceType PromiseRevision = Platform("promiserevisions", "PromiseRevision", false);
    public static readonly ResourceType Destination = Platform("destinations", "Destination", false);
    public static readonly ResourceType GitStateStore = Platform("gitstatestores", "GitStateStore", false);
    public static readonly ResourceType BucketStateStore = Platform("bucketstatestores", "BucketStateStore", false);
    public static readonly ResourceType Work = Platform("works", "Work", true);
    public static readonly ResourceType WorkPlacement = Platform("workplacements", "WorkPlacement", true);
    public static readonly ResourceType Crd = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
    public static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", false);
    public static readonly ResourceType Secret = new("", "v1", "secrets", "Secret", true);
    public static readonly ResourceType ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", true);
    public static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap", true);
    public static readonly ResourceType Role = new("rbac.authorization.k8s.io", "v1", "roles", "Role", true);
    public static readonly ResourceType RoleBinding = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true);
    public static readonly ResourceType ClusterRole = new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
    public static readonly ResourceType ClusterRoleBinding = new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false);
    public static readonly ResourceType Pod = new("", "v1", "pods", "Pod", true);
    public static readonly ResourceType Event = new("", "v1", "events", "Event", true);

    private static ResourceType Platform(string plural, string kind, bool namespaced) => new(Group, "v1alpha1", plural, kind, namespaced);
}

/// <summary>Labels and annotations as the reference spells them.</summary>
public static class Marks
{
    public const string PromiseName = "kratix.io/promise-name";
    public const string PromiseVersion = "kratix.io/promise-version";
    public const string ResourceName = "kratix.io/resource-name";
    public const string ResourceNamespace = "kratix.io/resource-namespace";
    public const string PipelineName = "kratix.io/pipeline-name";
    public const string PipelineNamespace = "kratix.io/pipeline-namespace";
    public const string WorkflowType = "kratix.io/workflow-type";
    public const string WorkflowAction = "kratix.io/workflow-action";
    public const string WorkType = "kratix.io/work-type";
    public const string Work = "kratix.io/work";
    public const string WorkloadGroupId = "kratix.io/workload-group-id";
    public const string TargetDestination = "kratix.io/targetDestinationName";
    public const string Paused = "kratix.io/paused";
    public const string ManualReconciliation = "kratix.io/manual-reconciliation";
    public const string WorkflowSuspended = "kratix.io/workflow-suspended";
    public const string ReconciliationInterval = "kratix.io/reconciliation-interval";
    public const string ReconcileResources = "kratix.io/reconcile-resources";
    public const string Misplaced = "kratix.io/misplaced";

    /// <summary>On a WorkPlacement: schedule it anew. Taken off when that is done.</summary>
    public const string Reschedule = "kratix.io/reschedule";
    public const string LatestRevision = "kratix.io/latest-revision";
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>On each Destination that takes its files along when it is deleted.</summary>
    public static readonly IReadOnlyList<string> DestinationFinalizers = ["kratix.io/destination-cleanup"];
}
