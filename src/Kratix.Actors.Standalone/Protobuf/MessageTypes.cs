namespace Kratix.Actors.Standalone.Protobuf;

/// <summary>One field of a message.</summary>
/// <param name="Type">A scalar (<c>string</c>, <c>bytes</c>, <c>int</c>, <c>bool</c>, <c>time</c>, <c>json</c>) or the name of a message.</param>
/// <param name="KeepsZero">Optional in the Go type: zero is a value and not an absence.</param>
internal sealed record MessageField(string Name, string Type, bool IsList, bool IsMap, bool KeepsZero);

/// <summary>
/// The messages kubectl sends of the kinds it knows by type, with the field numbers of Kubernetes' public .proto files.
/// Notation: <c>NUMBER:NAME:TYPE</c>; <c>*</c> a list, <c>%</c> a map from text, a trailing <c>?</c> keeps zero.
/// </summary>
internal static class MessageTypes
{
    private static readonly Dictionary<string, Dictionary<int, MessageField>> All = new Dictionary<string, string>
    {
        ["ObjectMeta"] = "1:name:string 2:generateName:string 3:namespace:string 4:selfLink:string 5:uid:string 6:resourceVersion:string 7:generation:int 8:creationTimestamp:time "
            + "9:deletionTimestamp:time 10:deletionGracePeriodSeconds:int? 11:labels:%string 12:annotations:%string 13:ownerReferences:*OwnerReference 14:finalizers:*string "
            + "17:managedFields:*ManagedFieldsEntry",
        ["OwnerReference"] = "1:kind:string 3:name:string 4:uid:string 5:apiVersion:string 6:controller:bool? 7:blockOwnerDeletion:bool?",
        ["ManagedFieldsEntry"] = "1:manager:string 2:operation:string 3:apiVersion:string 4:time:time 6:fieldsType:string 7:fieldsV1:FieldsV1 8:subresource:string",
        ["FieldsV1"] = "1:raw:json",
        ["DeleteOptions"] = "1:gracePeriodSeconds:int? 2:preconditions:Preconditions 3:orphanDependents:bool? 4:propagationPolicy:string 5:dryRun:*string",
        ["Preconditions"] = "1:uid:string 2:resourceVersion:string",
        ["ObjectReference"] = "1:kind:string 2:namespace:string 3:name:string 4:uid:string 5:apiVersion:string 6:resourceVersion:string 7:fieldPath:string",
        ["LocalObjectReference"] = "1:name:string",
        ["v1/Namespace"] = "1:metadata:ObjectMeta 2:spec:NamespaceSpec 3:status:NamespaceStatus",
        ["NamespaceSpec"] = "1:finalizers:*string",
        ["NamespaceStatus"] = "1:phase:string 2:conditions:*Condition",
        ["Condition"] = "1:type:string 2:status:string 4:lastTransitionTime:time 5:reason:string 6:message:string",
        ["v1/ConfigMap"] = "1:metadata:ObjectMeta 2:data:%string 3:binaryData:%bytes 4:immutable:bool?",
        ["v1/Secret"] = "1:metadata:ObjectMeta 2:data:%bytes 3:type:string 4:stringData:%string 5:immutable:bool?",
        ["v1/ServiceAccount"] = "1:metadata:ObjectMeta 2:secrets:*ObjectReference 3:imagePullSecrets:*LocalObjectReference 4:automountServiceAccountToken:bool?",
        ["v1/Event"] = "1:metadata:ObjectMeta 2:involvedObject:ObjectReference 3:reason:string 4:message:string 5:source:EventSource 6:firstTimestamp:time 7:lastTimestamp:time 8:count:int "
            + "9:type:string 10:eventTime:microtime 11:series:EventSeries 12:action:string 13:related:ObjectReference 14:reportingComponent:string 15:reportingInstance:string",
        ["EventSource"] = "1:component:string 2:host:string",
        ["EventSeries"] = "1:count:int 2:lastObservedTime:microtime",
        ["rbac.authorization.k8s.io/v1/Role"] = "1:metadata:ObjectMeta 2:rules:*PolicyRule",
        ["rbac.authorization.k8s.io/v1/ClusterRole"] = "1:metadata:ObjectMeta 2:rules:*PolicyRule 3:aggregationRule:AggregationRule",
        ["rbac.authorization.k8s.io/v1/RoleBinding"] = "1:metadata:ObjectMeta 2:subjects:*Subject 3:roleRef:RoleRef",
        ["rbac.authorization.k8s.io/v1/ClusterRoleBinding"] = "1:metadata:ObjectMeta 2:subjects:*Subject 3:roleRef:RoleRef",
        ["PolicyRule"] = "1:verbs:*string 2:apiGroups:*string 3:resources:*string 4:resourceNames:*string 5:nonResourceURLs:*string",
        ["AggregationRule"] = "1:clusterRoleSelectors:*LabelSelector",
        ["LabelSelector"] = "1:matchLabels:%string 2:matchExpressions:*LabelSelectorRequirement",
        ["LabelSelectorRequirement"] = "1:key:string 2:operator:string 3:values:*string",
        ["Subject"] = "1:kind:string 2:apiGroup:string 3:name:string 4:namespace:string",
        ["RoleRef"] = "1:apiGroup:string 2:kind:string 3:name:string",
        ["coordination.k8s.io/v1/Lease"] = "1:metadata:ObjectMeta 2:spec:LeaseSpec",
        ["LeaseSpec"] = "1:holderIdentity:string? 2:leaseDurationSeconds:int? 3:acquireTime:microtime 4:renewTime:microtime 5:leaseTransitions:int?",
        ["authorization.k8s.io/v1/SelfSubjectAccessReview"] = "1:metadata:ObjectMeta 2:spec:AccessReviewSpec 3:status:AccessReviewStatus",
        ["AccessReviewStatus"] = "1:allowed:bool 2:reason:string 3:evaluationError:string 4:denied:bool",
        ["AccessReviewSpec"] = "1:resourceAttributes:ResourceAttributes 2:nonResourceAttributes:NonResourceAttributes",
        ["ResourceAttributes"] = "1:namespace:string 2:verb:string 3:group:string 4:version:string 5:resource:string 6:subresource:string 7:name:string",
        ["NonResourceAttributes"] = "1:path:string 2:verb:string",
        ["authorization.k8s.io/v1/SelfSubjectRulesReview"] = "1:metadata:ObjectMeta 2:spec:RulesReviewSpec 3:status:RulesReviewStatus",
        ["RulesReviewStatus"] = "3:incomplete:bool 4:evaluationError:string",
        ["RulesReviewSpec"] = "1:namespace:string",
        ["authentication.k8s.io/v1/SelfSubjectReview"] = "1:metadata:ObjectMeta 2:status:SelfSubjectReviewStatus",
        ["SelfSubjectReviewStatus"] = "1:userInfo:UserInfo",
        ["authentication.k8s.io/v1/TokenRequest"] = "1:metadata:ObjectMeta 2:spec:TokenRequestSpec 3:status:TokenRequestStatus",
        ["TokenRequestSpec"] = "1:audiences:*string 3:boundObjectRef:BoundObjectReference 4:expirationSeconds:int?",
        ["BoundObjectReference"] = "1:kind:string 2:apiVersion:string 3:name:string 4:uid:string",
        ["TokenRequestStatus"] = "1:token:string 2:expirationTimestamp:time",
        ["UserInfo"] = "1:username:string 2:uid:string 3:groups:*string",
    }.ToDictionary(m => m.Key, m => m.Value.Split(' ').Select(Parse).ToDictionary(f => f.Number, f => f.Field));

    public static Dictionary<int, MessageField>? Find(string name) => All.GetValueOrDefault(name);

    private static (int Number, MessageField Field) Parse(string text)
    {
        var parts = text.Split(':');
        var type = parts[2].TrimEnd('?');
        var field = new MessageField(parts[1], type.TrimStart('*', '%'), type[0] == '*', type[0] == '%', parts[2].EndsWith('?'));
        return (int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), field);
    }
}
