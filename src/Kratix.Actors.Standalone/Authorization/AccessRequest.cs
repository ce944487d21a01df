using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>One question: may this user do this?</summary>
/// <param name="Verb"><c>get</c>, <c>list</c>, <c>create</c>, … and for special rights <c>bind</c>, <c>escalate</c>, <c>impersonate</c>.</param>
/// <param name="Namespace">"" for a cluster-scoped kind, or all namespaces.</param>
/// <param name="Name">"" when the whole collection is meant.</param>
/// <param name="Path">A path that is no resource, <c>/version</c>; then nothing but user and verb counts besides it.</param>
internal sealed record AccessRequest(UserInfo User, string Verb, string Group, string Resource, string Subresource, string Namespace, string Name, string? Path = null)
{
    public static AccessRequest To(UserInfo user, string verb, ResourceType type, string ns, string name) => new(user, verb, type.Group, type.Plural, "", ns, name);

    public static AccessRequest ToPath(UserInfo user, string verb, string path) => new(user, verb, "", "", "", "", "", path);

    /// <summary><c>pods/log</c>: how rules and messages name a subresource.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>Why not, in the words kube-apiserver uses.</summary>
    public string Refusal
    {
        get
        {
            if (Path is not null) return $"User \"{User.Name}\" cannot {Verb} path \"{Path}\"";
            var where = Namespace.Length > 0 ? $"in the namespace \"{Namespace}\"" : "at the cluster scope";
            return $"User \"{User.Name}\" cannot {Verb} resource \"{FullResource}\" in API group \"{Group}\" {where}";
        }
    }
}

/// <param name="Why">For a yes: which binding. For a no: what is wrong with the bindings that might have said yes, or "".</param>
internal sealed record AccessDecision(bool IsAllowed, string Why);
