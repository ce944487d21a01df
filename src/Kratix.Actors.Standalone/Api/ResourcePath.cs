namespace Kratix.Actors.Standalone.Api;

/// <summary>What a path under <c>/api/v1</c> or <c>/apis/GROUP/VERSION</c> addresses.</summary>
/// <param name="Namespace">Null when the path names none.</param>
internal sealed record ResourcePath(string Group, string Version, string? Namespace, string Plural, string Name, string Subresource)
{
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

    private static string Decode(string part) => Uri.UnescapeDataString(part);
}
