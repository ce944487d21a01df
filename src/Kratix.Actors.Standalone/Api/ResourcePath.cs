using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Security;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.Api;

/// <summary>What a path under <c>/api/v1</c> or <c>/apis/GROUP/VERSION</c> addresses.</summary>
/// <param name="Namespace">Null when the path names none.</param>
internal sealed record ResourcePath(string Group, string Version, string? Namespace, string Plural, string Name, string Subresource)
{
    /// <summary>What a request to this path asks to do, in the verbs of rules. A listing restricted to one name is a question about that name.</summary>
    public AccessRequest AccessOf(HttpRequest http, UserInfo user)
    {
        // A Namespace is inside itself: who may do something in it may do it to it.
        var ns = Namespace ?? (Group.Length == 0 && Plural == "namespaces" ? Name : "");
        var name = Name.Length > 0 ? Name : http.Method is "GET" or "DELETE" ? SelectedName(http.Query["fieldSelector"].ToString()) : "";
        var watches = http.Method == "GET" && http.Query["watch"].ToString() is "true" or "1" or "True";
        var verb = (http.Method, Name.Length > 0) switch
        {
            ("GET", _) when watches => "watch",
            ("GET" or "HEAD", true) => "get",
            ("GET" or "HEAD", false) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "delete",
            ("DELETE", false) => "deletecollection",
            var (method, _) => method.ToLowerInvariant(),
        };
        return new AccessRequest(user, verb, Group, Plural, Subresource, ns, name);
    }

    public static ResourcePath? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["api", var version, .. var rest] => Rest("", version, rest),
            ["apis", var group, var version, .. var rest] => Rest(group, version, rest),
            _ => null,
        };
    }

    private static ResourcePath? Rest(string group, string version, string[] rest) => rest switch
    {
        // A namespace is itself an object: /namespaces/x and its subresources address it, anything longer addresses what is inside.
        ["namespaces", var name] when group.Length == 0 => new ResourcePath(group, version, null, "namespaces", Decode(name), ""),
        ["namespaces", var name, "status" or "finalize"] when group.Length == 0 => new ResourcePath(group, version, null, "namespaces", Decode(name), rest[2]),
        ["namespaces", var ns, var plural] => new ResourcePath(group, version, Decode(ns), plural, "", ""),
        ["namespaces", var ns, var plural, var name] => new ResourcePath(group, version, Decode(ns), plural, Decode(name), ""),
        ["namespaces", var ns, var plural, var name, var sub] => new ResourcePath(group, version, Decode(ns), plural, Decode(name), sub),
        [var plural] => new ResourcePath(group, version, null, plural, "", ""),
        [var plural, var name] => new ResourcePath(group, version, null, plural, Decode(name), ""),
        [var plural, var name, var sub] => new ResourcePath(group, version, null, plural, Decode(name), sub),
        _ => null,
    };

    private static string SelectedName(string fieldSelector) =>
        fieldSelector.Split(',').FirstOrDefault(f => f.StartsWith("metadata.name=", StringComparison.Ordinal)) is { } found ? found["metadata.name=".Length..].TrimStart('=') : "";

    private static string Decode(string part) => Uri.UnescapeDataString(part);
}
