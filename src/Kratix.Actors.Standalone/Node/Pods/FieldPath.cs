namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The fields of a Pod that its containers may ask for.</summary>
internal static class FieldPath
{
    public const string Known = "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName, status.hostIP";

    /// <summary>Null when the path is not known; a label or annotation that is not there is the empty string.</summary>
    public static string? Read(PodSpec pod, string path, string nodeName) => path switch
    {
        "metadata.name" => pod.Identity.Name,
        "metadata.namespace" => pod.Identity.Namespace,
        "metadata.uid" => pod.Identity.Uid,
        "metadata.labels" => Lines(pod, "labels"),
        "metadata.annotations" => Lines(pod, "annotations"),
        "spec.nodeName" => nodeName,
        "spec.serviceAccountName" => pod.ServiceAccount,
        "status.hostIP" => "127.0.0.1",
        _ => Keyed(pod, path, "labels") ?? Keyed(pod, path, "annotations"),
    };

    private static string Lines(PodSpec pod, string map) =>
        string.Join('\n', (pod.Metadata.Child(map) ?? []).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}=\"{l.Value.AsText().Replace("\"", "\\\"", StringComparison.Ordinal)}\""));

    private static string? Keyed(PodSpec pod, string path, string map)
    {
        var start = $"metadata.{map}['";
        if (!path.StartsWith(start, StringComparison.Ordinal) || !path.EndsWith("']", StringComparison.Ordinal)) return null;
        return pod.Metadata.At(map, path[start.Length..^2]).AsText();
    }
}
