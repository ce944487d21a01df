using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class KubeConfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubeconfig").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Load_takes_the_current_context()
    {
        var access = KubeConfig.Load(Config("server: 'https://one:6443'", "token: 12345", "namespace: team"));
        Assert.Equal((new Uri("https://one:6443"), "12345", "team", false), (access.Server, access.Token, access.DefaultNamespace, access.SkipTlsVerify));
    }

    [Fact]
    public void Load_reads_certificates_inline_and_from_files_beside_the_file()
    {
        var (certificate, key) = Pair();
        File.WriteAllText(Path.Combine(_folder, "ca.pem"), certificate);
        var user = $"{{client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}}}";
        var access = KubeConfig.Load(Write(Document("{server: 'https://one:6443', certificate-authority: ca.pem}", user)));
        Assert.Single(access.CertificateAuthorities!);
        Assert.True(access.ClientCertificate!.HasPrivateKey);
    }

    [Fact]
    public void Load_accepts_a_token_file_and_turning_off_verification()
    {
        File.WriteAllText(Path.Combine(_folder, "token"), "abc");
        var access = KubeConfig.Load(Config("server: 'https://one:6443', insecure-skip-tls-verify: true", "tokenFile: token"));
        Assert.True(access.SkipTlsVerify);
        Assert.Equal(Path.Combine(_folder, "token"), access.TokenFile);
    }

    [Theory]
    [InlineData("user: x", "token: t", "clusters[c].cluster.server", "is missing")]
    [InlineData("server: 'one:6443'", "token: t", "clusters[c].cluster.server", "is not an http(s) URL")]
    [InlineData("server: 'https://one', certificate-authority-data: '%%'", "token: t", "clusters[c].cluster.certificate-authority-data", "is not base64")]
    [InlineData("server: 'https://one', certificate-authority-data: 'AAAA'", "token: t", "clusters[c].cluster.certificate-authority", "holds no certificate")]
    [InlineData("server: 'https://one', certificate-authority: missing.pem", "token: t", "clusters[c].cluster.certificate-authority", "missing.pem")]
    [InlineData("server: 'https://one', insecure-skip-tls-verify: maybe", "token: t", "clusters[c].cluster.insecure-skip-tls-verify", "must be true or false")]
    [InlineData("server: 'https://one'", "exec: {}", "users[u].user.exec", "credential plugins are not supported")]
    [InlineData("server: 'https://one'", "client-certificate-data: AAAA", "users[u].user.client-key", "certificate and key go together")]
    [InlineData("server: 'https://one'", "client-certificate-data: AAAA, client-key-data: AAAA", "users[u].user.client-certificate", "do not make a pair")]
    [InlineData("server: 'https://one'", "tokenFile: missing", "users[u].user.tokenFile", "missing")]
    public void Load_refuses_naming_file_and_field(string cluster, string user, string field, string problem)
    {
        var file = Write(Document($"{{{cluster}}}", $"{{{user}}}"));
        var e = Assert.Throws<KubeConfigException>(() => KubeConfig.Load(file));
        Assert.Equal((file, field), (e.File, e.Field));
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_of_an_unknown_context_names_those_there_are()
    {
        var e = Assert.Throws<KubeConfigException>(() => KubeConfig.Load(Config("server: 'https://one'", "token: t"), "prod"));
        Assert.Contains("\"prod\", which is not in the list; there are: x", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("current-context: ''", "current-context")]
    [InlineData("a: [", "line ")]
    [InlineData("just text", "not a YAML mapping")]
    public void Load_of_a_broken_document_says_where(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<KubeConfigException>(() => KubeConfig.Load(Write(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_of_a_missing_file_names_it() =>
        Assert.Contains("nowhere", Assert.Throws<KubeConfigException>(() => KubeConfig.Load(Path.Combine(_folder, "nowhere"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Find_goes_by_argument_then_variable_then_pod_then_home()
    {
        var one = Config("server: 'https://one'", "token: t");
        var none = new Dictionary<string, string> { ["HOME"] = _folder };
        Assert.Equal(new Uri("https://one"), KubernetesAccess.Find(one, null, none).Server);
        Assert.Equal(new Uri("https://one"), KubernetesAccess.Find(null, null, new Dictionary<string, string> { ["KUBECONFIG"] = $"{_folder}/no:{one}" }).Server);
        Assert.Contains("none of the files", Assert.Throws<KubeConfigException>(() =>
            KubernetesAccess.Find(null, null, new Dictionary<string, string> { ["KUBECONFIG"] = $"{_folder}/no" })).Message, StringComparison.Ordinal);
        Assert.Contains("--kubeconfig", Assert.Throws<KubeConfigException>(() => KubernetesAccess.Find(null, null, none)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder, ".kube"));
        File.Copy(one, Path.Combine(_folder, ".kube", "config"));
        Assert.Equal(new Uri("https://one"), KubernetesAccess.Find(null, null, none).Server);
    }

    [Fact]
    public void InCluster_reads_account_and_environment()
    {
        File.WriteAllText(Path.Combine(_folder, "ca.crt"), Pair().Certificate);
        File.WriteAllText(Path.Combine(_folder, "token"), "abc");
        File.WriteAllText(Path.Combine(_folder, "namespace"), "kratix-platform-system");
        var access = KubernetesAccess.InCluster(new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = "fd00::1", ["KUBERNETES_SERVICE_PORT"] = "443" }, _folder);
        Assert.Equal(("https://[fd00::1]/", "kratix-platform-system"), (access.Server.AbsoluteUri, access.DefaultNamespace));
        var e = Assert.Throws<KubeConfigException>(() => KubernetesAccess.InCluster(new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = "h" }, _folder));
        Assert.Equal("KUBERNETES_SERVICE_PORT", e.Field);
    }

    [Fact]
    public void Access_in_words_keeps_its_secrets() =>
        Assert.DoesNotContain("hush", new KubernetesAccess(new Uri("https://one"), Token: "hush", Password: "hush").ToString(), StringComparison.Ordinal);

    private string Config(string cluster, string user, string context = "") => Write(Document($"{{{cluster}}}", $"{{{user}}}", context));

    private static string Document(string cluster, string user, string context = "") => $"""
        current-context: x
        contexts: [{'{'}name: x, context: {'{'}cluster: c, user: u, {context}{'}'}{'}'}]
        clusters: [{'{'}name: c, cluster: {cluster}{'}'}]
        users: [{'{'}name: u, user: {user}{'}'}]
        """;

    private string Write(string text)
    {
        var file = Path.Combine(_folder, $"{Directory.GetFiles(_folder).Length}.yaml");
        File.WriteAllText(file, text);
        return file;
    }

    private static (string Certificate, string Key) Pair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
