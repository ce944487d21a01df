using System.Globalization;
using System.Text;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.StateStores.Git;

/// <summary>
/// How one address is reached: the environment every git command of a store runs in. Nothing of the machine's or a user's git
/// settings has a say. Credentials travel in this environment or in private files, never in arguments and never in a repository.
/// </summary>
internal sealed class GitAccess : IDisposable
{
    private static readonly string[] PassedOn = ["PATH", "TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private readonly List<string> _secrets = [];
    private string? _keyFolder;
    private GitHubApp? _app;
    private string? _token;
    private Dictionary<string, string> _base = [];
    private List<KeyValuePair<string, string>> _settings = [];

    private GitAccess(GitUrl url, string branch) => (Url, Branch) = (url, branch);

    public GitUrl Url { get; }

    public string Branch { get; }

    public IReadOnlyDictionary<string, string> Environment { get; private set; } = new Dictionary<string, string>();

    public static Outcome<GitAccess> Of(GitAddress address, GitUrl url, GitStateStoresOptions options)
    {
        var access = new GitAccess(url, address.Branch);
        var settings = BaseSettings(address, url, options);
        var environment = BaseEnvironment();
        var problem = url.Transport switch
        {
            GitTransport.File when !options.AllowFileUrls => "file URLs are not allowed by the settings",
            GitTransport.Http when !options.AllowHttpUrls => "http URLs are not allowed by the settings; use https",
            GitTransport.File => null,
            GitTransport.Ssh => access.UseKeys(address, environment, options),
            GitTransport.Https when address.AuthMethod == "githubApp" => access.UseApp(address, options),
            _ => access.UsePassword(address, settings),
        };
        if (problem is not null)
        {
            access.Dispose();
            return new Outcome<GitAccess>.Terminal(Refusal.Invalid, $"{url.Shown}: {problem}");
        }

        (access._base, access._settings) = (environment, settings);
        access.Environment = WithSettings(environment, settings);
        return new Outcome<GitAccess>.Done(access);
    }

    /// <summary>To be asked before commands that go to the remote: sees to it that credentials which end are good for a while yet.</summary>
    public async Task<Outcome<Nothing>> Ready(CancellationToken cancellation)
    {
        if (_app is null)
            return new Outcome<Nothing>.Done(default);
        var asked = await _app.Token(cancellation);
        if (asked is Outcome<string>.Done { Value: var token } && token != _token)
        {
            // Whatever an earlier token was, it has ended.
            _secrets.Clear();
            _token = token;
            Environment = WithSettings(_base, [.. _settings, .. Header("x-access-token", token)]);
        }

        return asked.Select(_ => default(Nothing));
    }

    /// <summary>Text from git or a server as it may be shown: without anything of the credentials, should the other side repeat them.</summary>
    public string WithoutSecrets(string text) => _secrets.Aggregate(text, (t, secret) => t.Replace(secret, "***", StringComparison.Ordinal));

    public void Dispose()
    {
        _app?.Dispose();
        if (_keyFolder is not null && Directory.Exists(_keyFolder))
            Directory.Delete(_keyFolder, recursive: true);
    }

    private static Dictionary<string, string> WithSettings(Dictionary<string, string> environment, List<KeyValuePair<string, string>> settings)
    {
        var all = new Dictionary<string, string>(environment, StringComparer.Ordinal) { ["GIT_CONFIG_COUNT"] = settings.Count.ToString(CultureInfo.InvariantCulture) };
        for (var i = 0; i < settings.Count; i++)
        {
            all[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{i}")] = settings[i].Key;
            all[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{i}")] = settings[i].Value;
        }

        return all;
    }

    private static Dictionary<string, string> BaseEnvironment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = "/dev/null",
            ["XDG_CONFIG_HOME"] = "/dev/null",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_ATTR_NOSYSTEM"] = "1",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_LFS_SKIP_SMUDGE"] = "1",
            ["GIT_OPTIONAL_LOCKS"] = "0",
            // Failures are told apart by git's English.
            ["LC_ALL"] = "C",
        };
        foreach (var name in PassedOn)
        {
            if (System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                environment[name] = value;
        }

        return environment;
    }

    private static List<KeyValuePair<string, string>> BaseSettings(GitAddress address, GitUrl url, GitStateStoresOptions options)
    {
        var settings = new List<KeyValuePair<string, string>>
        {
            new("core.hooksPath", "/dev/null"),
            new("gc.auto", "0"),
            new("maintenance.auto", "false"),
            new("credential.helper", ""),
            new("core.askPass", ""),
            // The cache can be fetched again at any time: it need not survive a power cut, nor be small.
            new("core.fsync", "none"),
            new("core.compression", "1"),
            // A commit's objects as one pack, however few: a file for each costs more than all of git's own work on them.
            new("transfer.unpackLimit", "1"),
            new("protocol.allow", "never"),
            new($"protocol.{url.Transport.ToString().ToLowerInvariant()}.allow", "always"),
        };
        if (url.Transport == GitTransport.Https)
        {
            settings.Add(new("http.sslVerify", address.VerifyTls ? "true" : "false"));
            if (options.CertificateAuthorityFile is { } file)
                settings.Add(new("http.sslCAInfo", file));
        }

        return settings;
    }

    private string? UsePassword(GitAddress address, List<KeyValuePair<string, string>> settings)
    {
        if (address.AuthMethod != "basicAuth")
            return $"authMethod '{address.AuthMethod}' does not fit {(Url.Transport == GitTransport.Https ? "an https URL; use basicAuth or githubApp" : "an http URL; use basicAuth")}";
        var password = Text(address, "password") ?? Url.Password;
        var user = Text(address, "username") ?? Url.User ?? (Url.Host == "github.com" ? "x-access-token" : null);
        if (password is null && address.Credentials.Data.IsEmpty)
            return null;
        if (password is null || user is null)
            return $"the Secret has no key '{(password is null ? "password" : "username")}'";
        settings.AddRange(Header(user, password));
        return null;
    }

    /// <summary>Basic authentication, bound to the host; redirects are refused, so that no other host is ever handed the header.</summary>
    private KeyValuePair<string, string>[] Header(string user, string password)
    {
        var token = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        _secrets.AddRange([token, password, Uri.EscapeDataString(password)]);
        var origin = Url.Remote[..(Url.Remote.IndexOf('/', Url.Remote.IndexOf("://", StringComparison.Ordinal) + 3) + 1)];
        return [new($"http.{origin}.extraHeader", $"Authorization: Basic {token}"), new("http.followRedirects", "false")];
    }

    private string? UseApp(GitAddress address, GitStateStoresOptions options)
    {
        _app = GitHubApp.Of(Text(address, "appID"), Text(address, "installationID"), Text(address, "privateKey"), options, out var problem);
        return problem;
    }

    private string? UseKeys(GitAddress address, Dictionary<string, string> environment, GitStateStoresOptions options)
    {
        if (address.AuthMethod != "ssh")
            return $"authMethod '{address.AuthMethod}' does not fit an ssh URL; use ssh";
        if (Text(address, "sshPrivateKey") is not { } key)
            return "the Secret has no key 'sshPrivateKey'";
        if (SshKey.Problem(key) is { } problem)
            return problem;
        if (Text(address, "knownHosts") is not { } knownHosts)
            return "the Secret has no key 'knownHosts', and a host is never trusted unseen";
        _secrets.Add(key);
        _keyFolder = KeyFolders.Create(options.CacheFolder);
        var (keyFile, hostsFile) = (Path.Combine(_keyFolder, "key"), Path.Combine(_keyFolder, "known_hosts"));
        WritePrivate(keyFile, key);
        WritePrivate(hostsFile, knownHosts);
        environment["GIT_SSH_VARIANT"] = "ssh";
        environment["GIT_SSH_COMMAND"] =
            $"'{options.SshExecutable}' -F none -i '{keyFile}' -o IdentitiesOnly=yes -o IdentityAgent=none -o UserKnownHostsFile='{hostsFile}' "
            + "-o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o BatchMode=yes -o ConnectTimeout=30";
        return null;
    }

    private static void WritePrivate(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, options);
        // OpenSSH refuses keys without a last newline or with carriage returns, and both are easily lost in a Secret.
        stream.Write(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n") + "\n"));
    }

    // Secrets made with echo end in a newline that is nobody's password.
    private static string? Text(GitAddress address, string key) =>
        address.Credentials.Data.TryGetValue(key, out var bytes) && Encoding.UTF8.GetString(bytes).TrimEnd('\r', '\n') is { Length: > 0 } text ? text : null;
}
