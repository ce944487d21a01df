using System.Text;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes;

/// <summary>URLs of the Kubernetes API, relative to the server. Every part that comes from outside is escaped.</summary>
internal static class ApiPath
{
    public static string GroupVersion(string group, string version) =>
        group.Length == 0 ? $"api/{Uri.EscapeDataString(version)}" : $"apis/{Uri.EscapeDataString(group)}/{Uri.EscapeDataString(version)}";

    public static string Collection(ResourceType type, string? ns)
    {
        if (ns is not null && !type.Namespaced)
            throw new ArgumentException($"{type.Kind} is cluster-scoped; the namespace \"{ns}\" has no meaning", nameof(ns));
        var path = new StringBuilder(GroupVersion(type.Group, type.Version));
        if (ns is not null)
            path.Append("/namespaces/").Append(Uri.EscapeDataString(ns));
        return path.Append('/').Append(type.Plural).ToString();
    }

    public static string Item(ResourceType type, string? ns, string name, string? subresource = null)
    {
        if (type.Namespaced && string.IsNullOrEmpty(ns))
            throw new ArgumentException($"{type.Kind} is namespaced; say in which namespace \"{name}\" is", nameof(ns));
        // An empty name, or one of dots, would address the collection or something above it.
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
            throw new ArgumentException($"\"{name}\" cannot be the name of a {type.Kind}", nameof(name));
        var item = $"{Collection(type, ns)}/{Uri.EscapeDataString(name)}";
        return subresource is null ? item : $"{item}/{subresource}";
    }

    public static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var result = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (string.IsNullOrEmpty(value))
                continue;
            result.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return result.ToString();
    }
}
