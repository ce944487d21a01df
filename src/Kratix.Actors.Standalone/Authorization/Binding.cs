using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Authorization;

/// <summary>One entry of a binding's <c>subjects</c>.</summary>
/// <param name="Kind"><c>User</c>, <c>Group</c> or <c>ServiceAccount</c>.</param>
/// <param name="Namespace">A ServiceAccount's.</param>
internal sealed record Subject(string Kind, string Name, string Namespace)
{
    public bool Is(UserInfo user) => Kind switch
    {
        "User" => user.Name == Name,
        "Group" => user.Groups.Contains(Name),
        "ServiceAccount" => user.Name == UserInfo.ServiceAccountName(Namespace, Name),
        _ => false,
    };

    public override string ToString() => Kind == "ServiceAccount" ? $"{Kind} \"{Name}/{Namespace}\"" : $"{Kind} \"{Name}\"";
}

/// <summary>A RoleBinding or ClusterRoleBinding, read.</summary>
/// <param name="Namespace">"" for a ClusterRoleBinding.</param>
internal sealed record Binding(string Name, string Namespace, IReadOnlyList<Subject> Subjects, string RoleKind, string RoleName)
{
    public static Binding Of(StoredObject stored) => Of(stored.Parse(), stored.Name, stored.Namespace);

    public static Binding Of(JsonObject o, string name, string ns) => new(
        name,
        ns,
        o["subjects"] is JsonArray subjects
            ? [.. subjects.OfType<JsonObject>().Select(s => new Subject(s.Text("kind"), s.Text("name"), s.Text("namespace")))]
            : [],
        o.At("roleRef", "kind").AsText(),
        o.At("roleRef", "name").AsText());

    public override string ToString() => Namespace.Length == 0 ? $"ClusterRoleBinding \"{Name}\"" : $"RoleBinding \"{Name}/{Namespace}\"";
}
