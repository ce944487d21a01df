using System.Security.Cryptography.X509Certificates;

namespace Kratix.Actors.Kubernetes;

/// <summary>
/// Where an API server is and who we are there. <paramref name="CertificateAuthorities"/>: null trusts what the machine trusts.
/// Of <paramref name="Token"/> and <paramref name="TokenFile"/> (read again as it is rotated) at most one is set.
/// </summary>
public sealed record KubernetesAccess(
    Uri Server,
    X509Certificate2Collection? CertificateAuthorities = null,
    bool SkipTlsVerify = false,
    string? TlsServerName = null,
    string? Token = null,
    string? TokenFile = null,
    string? Username = null,
    string? Password = null,
    X509Certificate2? ClientCertificate = null,
    string DefaultNamespace = "default")
{
    private const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Neither a log line nor an exception can carry what this record must keep to itself.</summary>
    public override string ToString() => $"{Server} (namespace {DefaultNamespace})";

    /// <summary>
    /// The usual search: <paramref name="file"/> if given, else the first existing file of <c>KUBECONFIG</c>, else the Pod's own account, else <c>~/.kube/config</c>.
    /// </summary>
    /// <exception cref="KubeConfigException">Nothing was found, or what was found cannot be used.</exception>
    public static KubernetesAccess Find(string? file, string? context, IReadOnlyDictionary<string, string> environment)
    {
        if (!string.IsNullOrEmpty(file))
            return KubeConfig.Load(file, context);
        if (environment.TryGetValue("KUBECONFIG", out var list) && list.Length > 0)
        {
            var existing = list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(File.Exists);
            return existing is not null
                ? KubeConfig.Load(existing, context)
                : throw new KubeConfigException(list, "", "none of the files in KUBECONFIG exists");
        }

        if (environment.ContainsKey("KUBERNETES_SERVICE_HOST") && File.Exists(Path.Combine(AccountFolder, "token")))
            return InCluster(environment, AccountFolder);
        var home = environment.TryGetValue("HOME", out var folder) ? Path.Combine(folder, ".kube", "config") : null;
        return home is not null && File.Exists(home)
            ? KubeConfig.Load(home, context)
            : throw new KubeConfigException(home ?? "~/.kube/config", "", "no kubeconfig found: give --kubeconfig FILE or set KUBECONFIG");
    }

    /// <summary>The access every Pod has: server from the environment, account and authority from <paramref name="accountFolder"/>.</summary>
    /// <exception cref="KubeConfigException">A variable or a file is missing or cannot be read.</exception>
    public static KubernetesAccess InCluster(IReadOnlyDictionary<string, string> environment, string accountFolder)
    {
        var host = Variable("KUBERNETES_SERVICE_HOST");
        var port = Variable("KUBERNETES_SERVICE_PORT");
        var authority = Path.Combine(accountFolder, "ca.crt");
        var token = Path.Combine(accountFolder, "token");
        if (!File.Exists(token))
            throw new KubeConfigException(token, "", "the ServiceAccount token is missing; does the Pod set automountServiceAccountToken: false?");
        var ns = Path.Combine(accountFolder, "namespace");
        return new KubernetesAccess(
            new Uri(host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}" : $"https://{host}:{port}"),
            KubeConfig.Authorities(authority, "", () => File.ReadAllText(authority)),
            TokenFile: token,
            DefaultNamespace: File.Exists(ns) ? File.ReadAllText(ns).Trim() : "default");

        string Variable(string name) =>
            environment.TryGetValue(name, out var value) && value.Length > 0
                ? value
                : throw new KubeConfigException("environment", name, "is not set; Kubernetes sets it in every Pod");
    }
}

/// <summary>A kubeconfig (or the account of a Pod) that cannot be used. The message names file, field and what would be right; never a secret.</summary>
public sealed class KubeConfigException : Exception
{
    public KubeConfigException(string file, string field, string problem, Exception? inner = null)
        : base(field.Length == 0 ? $"{file}: {problem}" : $"{file}: {field}: {problem}", inner) => (File, Field) = (file, field);

    public string File { get; }

    public string Field { get; }
}
