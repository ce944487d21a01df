using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The keys and bytes of a ConfigMap or Secret.</summary>
internal static class ObjectData
{
    /// <summary>Null when the object is not there and may be missing.</summary>
    /// <exception cref="ConfigException">It is not there and must be.</exception>
    public static async Task<Dictionary<string, byte[]>?> Read(IPodStore store, string ns, bool isSecret, string name, bool optional, CancellationToken ct)
    {
        var found = isSecret ? await store.Secret(ns, name, ct) : await store.ConfigMap(ns, name, ct);
        if (found is not null) return isSecret ? OfSecret(found) : OfConfigMap(found);
        if (optional) return null;
        throw new ConfigException($"{(isSecret ? "secret" : "configmap")} \"{name}\" not found");
    }

    private static Dictionary<string, byte[]> OfSecret(JsonObject secret) => Decoded(secret.Child("data"));

    private static Dictionary<string, byte[]> OfConfigMap(JsonObject map)
    {
        var data = Decoded(map.Child("binaryData"));
        foreach (var (key, value) in map.Child("data") ?? []) data[key] = Encoding.UTF8.GetBytes(value.AsText());
        return data;
    }

    private static Dictionary<string, byte[]> Decoded(JsonObject? data) =>
        (data ?? []).ToDictionary(d => d.Key, d => Convert.FromBase64String(d.Value.AsText()), StringComparer.Ordinal);
}
