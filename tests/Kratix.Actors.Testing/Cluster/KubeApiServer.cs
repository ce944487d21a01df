using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Testing.Cluster;

/// <summary>
/// Kubernetes' own API server with its etcd, on loopback ports and in a folder of its own. There is nothing else of a cluster: no controllers, no scheduler, no kubelet;
/// whoever needs what they do, does it. Addresses of Services are loopback addresses too, so a test can listen on them.
/// </summary>
public sealed class KubeApiServer : IAsyncDisposable
{
    // Neither process may outlive the tests, however they end: this shell ends them, and removes their folder, when the pipe that only the tests hold open is closed.
    private const string Guard =
        """
        trap : INT TERM
        exec 3<&0
        cd "$FOLDER"
        "$ETCD" --name tests --data-dir etcd --listen-client-urls "$STORE" --advertise-client-urls "$STORE" \
            --listen-peer-urls http://127.0.0.1:0 --unsafe-no-fsync >etcd.log 2>&1 </dev/null 3<&- & etcd=$!
        "$SERVER" "$@" >server.log 2>&1 </dev/null 3<&- & server=$!
        (cat <&3 >/dev/null; kill -KILL $etcd $server) 2>/dev/null & guard=$!
        while kill -0 $etcd $server 2>/dev/null; do
            if kubectl --kubeconfig admin.kubeconfig get --raw /readyz >probe.log 2>&1; then echo ready; break; fi
            sleep 0.2
        done
        wait -n $etcd $server
        kill -KILL $guard $etcd $server 2>/dev/null
        wait
        tail -n 20 etcd.log server.log >&2
        cd /
        rm -rf "$FOLDER"
        """;

    // Who lacks a right may not notice, or not say so; the server knows.
    private const string AuditPolicy =
        """{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}]}""";

    private readonly Process _guard;
    private readonly CertificateAuthority _authority;

    private KubeApiServer(Process guard, CertificateAuthority authority, string folder, Uri url) => (_guard, _authority, Folder, Url) = (guard, authority, folder, url);

    public Uri Url { get; }

    public string Folder { get; }

    /// <summary>kubectl's configuration of a user who may do everything.</summary>
    public string AdminKubeconfig => Path.Combine(Folder, "admin.kubeconfig");

    /// <summary>Null, or why there is none here.</summary>
    public static string? Missing { get; } = Tool("KRATIX_ACTORS_KUBE_APISERVER") is null || Tool("KRATIX_ACTORS_ETCD") is null
        ? "there is no Kubernetes API server; run eng/install.sh --kube-apiserver and then '. eng/env.sh'"
        : null;

    public static async Task<KubeApiServer> Start()
    {
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);
        var folder = Directory.CreateTempSubdirectory("kube-apiserver-").FullName;
        var url = new Uri($"https://127.0.0.1:{FreePort()}");
        var store = $"http://127.0.0.1:{FreePort()}";
        var authority = new CertificateAuthority();
        WriteFiles(folder, authority);
        var start = new ProcessStartInfo("bash", ["-c", Guard, "bash", .. Arguments(folder, url, store)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in new[] { ("FOLDER", folder), ("STORE", store), ("ETCD", Tool("KRATIX_ACTORS_ETCD")), ("SERVER", Tool("KRATIX_ACTORS_KUBE_APISERVER")) })
            start.Environment[name] = value;
        var server = new KubeApiServer(new Process { StartInfo = start }, authority, folder, url);
        await File.WriteAllTextAsync(server.AdminKubeconfig, server.Kubeconfig(authority.Client("admin", "system:masters")));
        server._guard.Start();
        if (await server._guard.StandardOutput.ReadLineAsync() == "ready")
            return server;
        var said = await server._guard.StandardError.ReadToEndAsync();
        await server.DisposeAsync();
        throw new InvalidOperationException($"the Kubernetes API server did not start:\n{said}");
    }

    /// <summary>kubectl's configuration of a user with this certificate.</summary>
    public string Kubeconfig(PemPair user) => Kubeconfig(new JsonObject { ["client-certificate-data"] = Base64(user.Certificate), ["client-key-data"] = Base64(user.Key) });

    /// <summary>kubectl's configuration of whoever has this token.</summary>
    public string Kubeconfig(string token) => Kubeconfig(new JsonObject { ["token"] = token });

    /// <summary>A certificate for a webhook or another server of the test, from the authority of this server.</summary>
    public (PemPair Pair, string Authority) CertificateFor(params string[] names) => (_authority.Server(names), _authority.Certificate);

    /// <summary>What the server has forbidden this ServiceAccount so far: verb and resource, each once.</summary>
    public IReadOnlyList<string> ForbiddenTo(string ns, string account)
    {
        using var log = new StreamReader(new FileStream(Path.Combine(Folder, "audit.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = log.ReadToEnd().Split('\n')[..^1];
        return
        [
            .. lines.Select(l => JsonNode.Parse(l)!).Where(e => (string?)e["user"]!["username"] == $"system:serviceaccount:{ns}:{account}" && (int?)e["responseStatus"]?["code"] == 403)
                .Select(e => $"{e["verb"]} {e["requestURI"]}").Distinct(),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        if (!_guard.HasExited)
            _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
        _authority.Dispose();
    }

    private string Kubeconfig(JsonObject user)
    {
        JsonArray Named(string body, JsonObject what) => [new JsonObject { ["name"] = "tests", [body] = what }];
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["current-context"] = "tests",
            ["clusters"] = Named("cluster", new JsonObject { ["server"] = Url.ToString(), ["certificate-authority-data"] = Base64(_authority.Certificate) }),
            ["users"] = Named("user", user),
            ["contexts"] = Named("context", new JsonObject { ["cluster"] = "tests", ["user"] = "tests" }),
        }.ToJsonString();
    }

    private static void WriteFiles(string folder, CertificateAuthority authority)
    {
        File.WriteAllText(Path.Combine(folder, "ca.crt"), authority.Certificate);
        authority.Server("127.0.0.1", "localhost", "kubernetes.default.svc").WriteTo(Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
        var (signing, verifying) = CertificateAuthority.SigningKeys();
        File.WriteAllText(Path.Combine(folder, "accounts.key"), signing);
        File.WriteAllText(Path.Combine(folder, "accounts.pub"), verifying);
        File.WriteAllText(Path.Combine(folder, "audit.json"), AuditPolicy);
    }

    private static string[] Arguments(string folder, Uri url, string store) =>
    [
        $"--etcd-servers={store}", "--bind-address=127.0.0.1", $"--secure-port={url.Port.ToString(CultureInfo.InvariantCulture)}", $"--cert-dir={folder}",
        "--client-ca-file=ca.crt", "--tls-cert-file=server.crt", "--tls-private-key-file=server.key", "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc", "--service-account-signing-key-file=accounts.key", "--service-account-key-file=accounts.pub",
        "--service-cluster-ip-range=127.99.0.0/24",
        "--audit-policy-file=audit.json", "--audit-log-path=audit.log",
        // A Kubernetes Service that points here would need an address that is not loopback.
        "--endpoint-reconciler-type=none",
        // As releases from 1.22 do it: Pods get projected tokens, so that nobody has to make Secrets for accounts.
        "--feature-gates=BoundServiceAccountTokenVolume=true",
    ];

    private static string? Tool(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } file && File.Exists(file) ? file : null;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
