using System.Globalization;
using System.Text;

namespace Kratix.Actors.StateStores.Git;

internal enum GitTransport
{
    File,
    Http,
    Https,
    Ssh,
}

/// <summary>
/// A repository's address taken apart. <see cref="Remote"/> is what git is given (never with a password), <see cref="Shown"/> what
/// people see, <see cref="Key"/> the same for every spelling of one repository.
/// </summary>
internal sealed record GitUrl(GitTransport Transport, string Remote, string Shown, string Key, string Host, string? User, string? Password)
{
    // Their paths are the same in any case; elsewhere Team/App and team/app may be two repositories.
    private static readonly HashSet<string> CaseInsensitiveHosts = ["github.com", "gitlab.com", "bitbucket.org"];

    /// <summary>The address, or null and what is wrong with it. The problem never repeats a password.</summary>
    public static GitUrl? Parse(string url, out string problem)
    {
        problem = "";
        var text = url.Trim();
        if (text.Length == 0 || text.Any(char.IsControl) || text.StartsWith('-'))
            problem = "url is empty or has control characters; expected for example https://git.example.com/team/repository";
        else if (text.StartsWith('/'))
            return OfFolder(text);
        else if (text.IndexOf("://", StringComparison.Ordinal) is > 0 and var colon)
            return OfScheme(text[..colon].ToLowerInvariant(), text[(colon + 3)..], out problem);
        else if (ScpLike(text) is var (host, path))
            return path[0] == '/' ? OfScheme("ssh", host + path, out problem) : OfHome(text, host, path, out problem);
        else
            problem = $"url '{text}' is not understood; expected https://host/path, ssh://user@host/path or user@host:path";
        return null;
    }

    private static (string Host, string Path)? ScpLike(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var valid = colon > 0 && colon + 1 < text.Length && !text[..colon].Contains('/', StringComparison.Ordinal) && text[colon + 1] != ':';
        return valid ? (text[..colon], text[(colon + 1)..]) : null;
    }

    /// <summary>
    /// A path without a slash in front begins in the home folder of the user, which no ssh URL that all servers understand can say: git is given it as it is. Hosting
    /// services have one user for everybody, mostly git, and one root; elsewhere each user's paths are other repositories.
    /// </summary>
    private static GitUrl? OfHome(string text, string host, string path, out string problem)
    {
        if (OfScheme("ssh", $"{host}/{path}", out problem) is not { } url)
            return null;
        var hasOwnHome = url.User is not (null or "git") && !CaseInsensitiveHosts.Contains(url.Host);
        return url with { Remote = text, Shown = $"{url.Host}:{path}", Key = hasOwnHome ? $"ssh://{url.Host}/~{Uri.EscapeDataString(url.User!)}{KeyPath(path, url.Host)}" : url.Key };
    }

    private static GitUrl? OfScheme(string scheme, string rest, out string problem)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
        var at = authority.LastIndexOf('@');
        var (userInfo, hostAndPort) = at < 0 ? (null, authority) : (authority[..at], authority[(at + 1)..]);
        if (scheme == "file")
        {
            problem = hostAndPort is "" or "localhost" ? "" : $"file URLs name a path on this machine; '{hostAndPort}' is a host";
            return problem.Length > 0 ? null : OfFolder(Uri.UnescapeDataString(path));
        }

        GitTransport? transport = scheme switch { "http" => GitTransport.Http, "https" => GitTransport.Https, "ssh" => GitTransport.Ssh, _ => null };
        if (transport is not { } known)
        {
            problem = $"url has the scheme '{scheme}'; https, ssh, and where a setting allows them http and file are supported";
            return null;
        }

        if (!TrySplitPort(hostAndPort, out var host, out var port) || path.Trim('/').Length == 0)
        {
            problem = $"url names no {(path.Trim('/').Length == 0 ? "repository" : "valid host and port")}; expected {scheme}://host/path";
            return null;
        }

        if (userInfo is ['-', ..])
        {
            problem = "url names a user that starts with a dash";
            return null;
        }

        problem = "";
        var standardPort = known switch { GitTransport.Http => 80, GitTransport.Https => 443, _ => 22 };
        var place = port is null || port == standardPort ? host : $"{host}:{port.Value.ToString(CultureInfo.InvariantCulture)}";
        var user = userInfo?.Split(':', 2);
        var shown = $"{scheme}://{place}{path.TrimEnd('/')}";
        // ssh needs the user in the address; for http both parts travel apart from it.
        var remote = known == GitTransport.Ssh ? $"ssh://{(user is null ? "" : user[0] + "@")}{place}{path.TrimEnd('/')}" : shown;
        return new GitUrl(
            known, remote, shown, $"{scheme}://{place}{KeyPath(path, host)}", host,
            user is null ? null : Uri.UnescapeDataString(user[0]), user is [_, var password] ? Uri.UnescapeDataString(password) : null);
    }

    private static bool TrySplitPort(string hostAndPort, out string host, out int? port)
    {
        var colon = hostAndPort.EndsWith(']') ? -1 : hostAndPort.LastIndexOf(':');
        (host, port) = ((colon < 0 ? hostAndPort : hostAndPort[..colon]).ToLowerInvariant().TrimEnd('.'), null);
        if (colon >= 0 && hostAndPort.Length > colon + 1)
        {
            if (!int.TryParse(hostAndPort[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 0 or > 65535)
                return false;
            port = number;
        }

        // A host that starts with a dash would be read as an option by ssh.
        return host.Length > 0 && host[0] != '-' && host.All(c => char.IsAsciiLetterOrDigit(c) || "-._[]:".Contains(c, StringComparison.Ordinal));
    }

    private static string KeyPath(string path, string host)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            // Decoded and encoded again, so that %41 and A, and a space and %20, are one.
            var plain = Uri.EscapeDataString(Uri.UnescapeDataString(segment));
            if (plain == ".." && segments.Count > 0)
                segments.RemoveAt(segments.Count - 1);
            else if (plain is not ("." or ".."))
                segments.Add(plain);
        }

        var key = new StringBuilder();
        foreach (var segment in segments)
            key.Append('/').Append(segment);
        var text = key.ToString();
        if (text.EndsWith(".git", StringComparison.OrdinalIgnoreCase))
            text = text[..^4];
        return CaseInsensitiveHosts.Contains(host) ? text.ToLowerInvariant() : text;
    }

    // Two folders "a" and "a.git" may both exist, so what is on the disk decides, in the order in which git itself looks.
    private static GitUrl OfFolder(string path)
    {
        var links = 0;
        var full = Followed(Path.GetFullPath(path), ref links);
        if (Path.GetFileName(full) == ".git")
            full = Path.GetDirectoryName(full) ?? full;
        else if (!Directory.Exists(full) && Directory.Exists(full + ".git"))
            full += ".git";
        // Encoded also for git, which decodes it: a folder may have a percent sign in its name.
        var shown = "file://" + string.Join('/', full.Split('/').Select(Uri.EscapeDataString));
        return new GitUrl(GitTransport.File, shown, shown, shown, "", null, null);
    }

    /// <summary>A folder by the name it has without symbolic links, wherever on the way they are; after too many it is left as it is, for git to complain of.</summary>
    private static string Followed(string path, ref int links)
    {
        const int most = 40;
        var real = "/";
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, segment);
            if (links < most && new DirectoryInfo(real).LinkTarget is { } target)
            {
                links++;
                real = Followed(Path.GetFullPath(target, Path.GetDirectoryName(real)!), ref links);
            }
        }

        return real;
    }
}

/// <summary>Branch names as git allows them (its check-ref-format rules), so that none is read as an option or an expression.</summary>
internal static class BranchName
{
    public static string? Problem(string branch)
    {
        var bad = branch.Length is 0 or > 200
            || branch[0] is '-' or '/'
            || branch[^1] is '/' or '.'
            || branch.Any(c => char.IsControl(c) || char.IsSurrogate(c) || " ~^:?*[\\".Contains(c, StringComparison.Ordinal))
            || branch.Contains("..", StringComparison.Ordinal) || branch.Contains("@{", StringComparison.Ordinal) || branch == "@"
            || branch.Split('/').Any(s => s.Length == 0 || s[0] == '.' || s.EndsWith(".lock", StringComparison.Ordinal));
        return bad ? $"branch '{Ports.StateStores.RepositoryPath.Shown(branch)}' is not a valid branch name" : null;
    }
}
