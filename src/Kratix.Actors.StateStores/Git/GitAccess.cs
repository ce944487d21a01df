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
            _ => access.UsePassword(address, settings),
        };
        if (problem is not null)
        {
            access.Dispose();
            return new Outcome<GitAccess>.Terminal(Refusal.Invalid, $"{url.Shown}: {problem}");
        }

        environment["GIT_CONFIG_COUNT"] = settings.Count.ToString(CultureInfo.InvariantCulture);
        for (var i = 0; i < settings.Count; i++)
        {
            environment[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{i}")] = settings[i].Key;
            environment[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{i}")] = settings[i].Value;
        }

        access.Environment = environment;
        return new Outcome<GitAccess>.Done(access);
    }

    /// <summary>Text from git or a server as it may be shown: without anything of the credentials, should the other side repeat them.</summary>
    public string WithoutSecrets(string text) => _secrets.Aggregate(text, (t, secret) => t.Replace(secret, "***", StringComparison.Ordinal));

    public void Dispose()
    {
        if (_keyFolder is not null && Directory.Exists(_keyFolder))
            Directory.Delete(_keyFolder, recursive: true);
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
            return $"authMethod '{address.AuthMethod}' does not fit an http URL; use basicAuth";
        var password = Text(address, "password") ?? Url.Password;
        var user = Text(address, "username") ?? Url.User ?? (Url.Host == "github.com" ? "x-access-token" : null);
        if (password is null && address.Credentials.Data.IsEmpty)
            return null;
        if (password is null || user is null)
            return $"the Secret has no key '{(password is null ? "password" : "username")}'";
        var token = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        _secrets.AddRange([token, password, Uri.EscapeDataString(password)]);
        // Bound to the host, and redirects are refused, so that no other host is ever handed the header.
        var origin = Url.Remote[..(Url.Remote.IndexOf('/', Url.Remote.IndexOf("://", StringComparison.Ordinal) + 3) + 1)];
        settings.Add(new($"http.{origin}.extraHeader", $"Authorization: Basic {token}"));
        settings.Add(new("http.followRedirects", "false"));
        return null;
    }

    private string? UseKeys(GitAddress address, Dictionary<string, string> environment, GitStateStoresOptions options)
    {
        if (address.AuthMethod != "ssh")
            return $"authMethod '{address.AuthMethod}' does not fit an ssh URL; use ssh";
        if (Text(address, "sshPrivateKey") is not { } key)
            return "the Secret has no key 'sshPrivateKey'";
        if (Text(address, "knownHosts") is not { } knownHosts)
            return "the Secret has no key 'knownHosts', and a host is never trusted unseen";
        _secrets.Add(key);
        _keyFolder = Directory.CreateTempSubdirectory("kratix-ssh-").FullName;
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
