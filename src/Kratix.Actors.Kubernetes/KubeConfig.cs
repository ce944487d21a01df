using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Kubernetes;

/// <summary>Reads kubeconfig files: clusters, users and contexts, with data given inline or in files next to the kubeconfig.</summary>
public static class KubeConfig
{
    /// <summary>The access that <paramref name="context"/> (null: <c>current-context</c>) stands for.</summary>
    /// <exception cref="KubeConfigException">The file cannot be read, or a field is missing, unusable or not supported.</exception>
    public static KubernetesAccess Load(string file, string? context = null)
    {
        var document = Parse(file);
        var name = context ?? Text(document, "current-context");
        if (string.IsNullOrEmpty(name))
            throw new KubeConfigException(file, "current-context", "is empty; set it with kubectl config use-context NAME");
        var chosen = Entry(file, document, "contexts", "context", name, context is null ? "current-context" : "the requested context");
        var clusterName = Text(chosen, "cluster") ?? throw new KubeConfigException(file, $"contexts[{name}].context.cluster", "is missing");
        var cluster = Entry(file, document, "clusters", "cluster", clusterName, $"contexts[{name}]");
        var user = Text(chosen, "user") is { Length: > 0 } userName ? (Name: userName, Body: Entry(file, document, "users", "user", userName, $"contexts[{name}]")) : default;
        return Access(file, $"clusters[{clusterName}].cluster", cluster, $"users[{user.Name}].user", user.Body ?? [], Text(chosen, "namespace"));
    }

    private static KubernetesAccess Access(string file, string clusterPath, JsonObject cluster, string userPath, JsonObject user, string? ns)
    {
        var server = Text(cluster, "server") ?? throw new KubeConfigException(file, $"{clusterPath}.server", "is missing");
        if (!Uri.TryCreate(server, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
            throw new KubeConfigException(file, $"{clusterPath}.server", $"\"{server}\" is not an http(s) URL like https://host:6443");
        foreach (var unsupported in (string[])["exec", "auth-provider"])
        {
            if (user.ContainsKey(unsupported))
                throw new KubeConfigException(file, $"{userPath}.{unsupported}", "credential plugins are not supported; use a token, a tokenFile or a client certificate");
        }

        if (cluster.ContainsKey("proxy-url"))
            throw new KubeConfigException(file, $"{clusterPath}.proxy-url", "is not supported; set HTTPS_PROXY instead");
        var token = Text(user, "token");
        return new KubernetesAccess(
            uri,
            Pem(file, clusterPath, cluster, "certificate-authority") is { } authority
                ? Authorities(file, $"{clusterPath}.certificate-authority", () => authority)
                : null,
            Flag(file, clusterPath, cluster, "insecure-skip-tls-verify"),
            Text(cluster, "tls-server-name"),
            token,
            token is null && Text(user, "tokenFile") is { } tokenFile ? Readable(file, $"{userPath}.tokenFile", Beside(file, tokenFile)) : null,
            Text(user, "username"),
            Text(user, "password"),
            ClientCertificate(file, userPath, user),
            ns is { Length: > 0 } ? ns : "default");
    }

    private static JsonObject Parse(string file)
    {
        try
        {
            return Yaml.Parse(File.ReadAllText(file)) as JsonObject ?? throw new KubeConfigException(file, "", "is not a YAML mapping");
        }
        catch (YamlFormatException e)
        {
            throw new KubeConfigException(file, $"line {e.Line}", e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException(file, "", e.Message, e);
        }
    }

    private static JsonObject Entry(string file, JsonObject document, string list, string body, string name, string askedBy)
    {
        var entries = (document[list] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var entry = entries.FirstOrDefault(e => Text(e, "name") == name);
        if (entry is not null)
            return entry[body] as JsonObject ?? [];
        var known = entries.Count == 0 ? "there are none" : $"there are: {string.Join(", ", entries.Select(e => Text(e, "name")))}";
        throw new KubeConfigException(file, list, $"{askedBy} names \"{name}\", which is not in the list; {known}");
    }

    private static X509Certificate2? ClientCertificate(string file, string path, JsonObject user)
    {
        var certificate = Pem(file, path, user, "client-certificate");
        var key = Pem(file, path, user, "client-key");
        if (certificate is null && key is null)
            return null;
        if (certificate is null || key is null)
            throw new KubeConfigException(file, certificate is null ? $"{path}.client-certificate" : $"{path}.client-key", "is missing; certificate and key go together");
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new KubeConfigException(file, $"{path}.client-certificate", $"certificate and key do not make a pair in PEM form: {e.Message}", e);
        }
    }

    internal static X509Certificate2Collection Authorities(string file, string field, Func<string> pem)
    {
        try
        {
            var result = new X509Certificate2Collection();
            result.ImportFromPem(pem());
            return result.Count > 0 ? result : throw new KubeConfigException(file, field, "holds no certificate in PEM form");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException(file, field, e.Message, e);
        }
    }

    /// <summary>PEM text from <c>NAME-data</c> (base64) or from the file <c>NAME</c>; the former wins, as with kubectl.</summary>
    private static string? Pem(string file, string path, JsonObject from, string name)
    {
        if (Text(from, $"{name}-data") is { Length: > 0 } data)
        {
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException e)
            {
                throw new KubeConfigException(file, $"{path}.{name}-data", "is not base64", e);
            }
        }

        return Text(from, name) is { Length: > 0 } other ? File.ReadAllText(Readable(file, $"{path}.{name}", Beside(file, other))) : null;
    }

    private static string Readable(string file, string field, string other)
    {
        try
        {
            using var probe = File.OpenRead(other);
            return other;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException(file, field, e.Message, e);
        }
    }

    private static string Beside(string file, string other) => Path.GetFullPath(other, Path.GetDirectoryName(Path.GetFullPath(file))!);

    private static bool Flag(string file, string path, JsonObject from, string name) => from[name] switch
    {
        null => false,
        JsonValue v when v.GetValueKind() is JsonValueKind.True or JsonValueKind.False => v.GetValue<bool>(),
        _ => throw new KubeConfigException(file, $"{path}.{name}", "must be true or false"),
    };

    /// <summary>A scalar as text: an unquoted token of digits is still a token.</summary>
    private static string? Text(JsonObject from, string name) => from[name] is JsonValue value ? value.ToString() : null;
}
