using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The <c>imagePullSecrets</c> of a Pod and of its ServiceAccount as one file, in the form that Podman and Docker share; gone when disposed.</summary>
internal sealed class PullCredentials : IDisposable
{
    private readonly string _folder;

    private PullCredentials(string folder) => _folder = folder;

    /// <summary>The folder with <c>config.json</c>.</summary>
    public string Folder => _folder;

    public string AuthFile => Path.Combine(_folder, "config.json");

    /// <summary>Null when the Pod has none. A Secret that is missing is left out, as in a cluster: the registry will say what it thinks of that.</summary>
    /// <exception cref="ConfigException">A Secret is there and cannot be read.</exception>
    public static async Task<PullCredentials?> Write(IPodStore store, PodSpec pod, string podFolder, CancellationToken ct)
    {
        var account = await store.ServiceAccount(pod.Identity.Namespace, pod.ServiceAccount, ct);
        var auths = new JsonObject();
        foreach (var name in pod.PullSecrets.Concat((account ?? []).Objects("imagePullSecrets").Select(s => s.Text("name"))).Distinct())
        {
            var data = await ObjectData.Read(store, pod.Identity.Namespace, isSecret: true, name, optional: true, ct);
            foreach (var (registry, auth) in data is null ? [] : Auths(name, data)) auths[registry] = auth?.DeepClone();
        }
        if (auths.Count == 0) return null;
        var credentials = new PullCredentials(Path.Combine(podFolder, "registry", Guid.NewGuid().ToString("N")));
        Directory.CreateDirectory(credentials.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllBytesAsync(credentials.AuthFile, new JsonObject { ["auths"] = auths }.ToUtf8(), ct);
        return credentials;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JsonObject Auths(string secret, Dictionary<string, byte[]> data)
    {
        try
        {
            if (data.TryGetValue(".dockerconfigjson", out var config) && JsonNode.Parse(config).At("auths") is JsonObject auths) return auths;
            if (data.TryGetValue(".dockercfg", out var older) && JsonNode.Parse(older) is JsonObject known) return known;
        }
        catch (JsonException)
        {
            // Said below, without a word of the contents.
        }
        throw new ConfigException($"imagePullSecrets: secret \"{secret}\" holds neither .dockerconfigjson with auths nor .dockercfg");
    }
}
