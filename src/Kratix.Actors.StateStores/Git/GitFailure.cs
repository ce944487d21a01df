using Kratix.Actors.Ports;

namespace Kratix.Actors.StateStores.Git;

/// <summary>What a failed remote command means for the caller. Git tells only in words, so the words are matched, in one place.</summary>
internal static class GitFailure
{
    private const int MostShown = 1000;

    private static readonly (string[] Signs, Refusal Code, string Meaning)[] Final =
    [
        (["REMOTE HOST IDENTIFICATION HAS CHANGED"], Refusal.Unauthorized,
            "the host's key is not the one in knownHosts; somebody else answers in its place, or it has a new key: ask who runs it before you write that into the Secret"),
        (["Host key verification failed"], Refusal.Unauthorized, "knownHosts has no key of this host; add the lines of ssh-keyscan to the Secret when you have compared their fingerprints"),
        (["Load key "], Refusal.Unauthorized, "sshPrivateKey is no private key; the Secret's value is the whole file that ssh-keygen wrote, first and last line included"),
        (["Authentication failed", "could not read Username", "could not read Password", "error: 401", "error: 403", "HTTP Basic: Access denied", "Permission denied ("],
            Refusal.Unauthorized, "access was denied; check the credentials in the Secret and their rights on the repository"),
        (["SSL certificate problem", "certificate verification failed", "SSL: no alternative certificate", "certificate subject name"],
            Refusal.Invalid, "the server's TLS certificate is not trusted"),
        (["error: 301", "error: 302", "error: 307", "error: 308"], Refusal.Invalid, "the server redirects to another address; write that address (often the same with .git at its end) into url"),
        (["detected dubious ownership"], Refusal.Forbidden, "the repository's folder belongs to another user of this machine"),
        (["Repository not found", "' not found", "does not appear to be a git repository", "error: 404"], Refusal.NotFound, "there is no such repository, or these credentials may not see it"),
    ];

    private static readonly string[] Passing =
    [
        "Could not resolve host", "Could not resolve hostname", "Failed to connect", "Connection refused", "Connection timed out", "Connection reset", "Operation timed out",
        "Network is unreachable", "No route to host", "error: 5", "error: 408", "error: 429", "early EOF", "hung up unexpectedly", "unexpected disconnect", "RPC failed",
        "Empty reply from server", "Connection closed by", "Couldn't connect", "transfer closed", "gnutls_handshake", "Could not read from remote repository",
        "unable to access", "Recv failure", "Send failure", "invalid server response", "protocol error",
    ];

    /// <summary>The outcome where the remote or the way to it is to blame; null where it must be the local cache.</summary>
    public static Outcome<T>? OfRemote<T>(GitAccess access, GitResult result, GitStateStoresOptions options)
    {
        if (result.TimedOut)
            return new Outcome<T>.Transient($"{access.Url.Shown}: no answer within {options.CommandTimeout.TotalSeconds:0} s, and the git command was killed; where it only takes long, raise kratix.git.command-timeout");
        var words = Words(access, result);
        foreach (var (signs, code, meaning) in Final)
        {
            if (signs.Any(s => result.Errors.Contains(s, StringComparison.Ordinal)))
                return new Outcome<T>.Terminal(code, $"{access.Url.Shown}: {meaning} (git: {words})");
        }

        if (Passing.Any(s => result.Errors.Contains(s, StringComparison.Ordinal)))
            return new Outcome<T>.Transient($"{access.Url.Shown}: not reachable (git: {words})");
        return null;
    }

    /// <summary>Git's complaint on one line, without credentials and without its general advice.</summary>
    public static string Words(GitAccess access, GitResult result)
    {
        if (result.TimedOut)
            return "it did not end within kratix.git.command-timeout and was killed";
        var lines = result.Errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !l.StartsWith("hint:", StringComparison.Ordinal) && l != "remote:");
        var words = access.WithoutSecrets(string.Join("; ", lines));
        var plain = new string([.. words.Select(c => char.IsControl(c) ? ' ' : c)]);
        return plain.Length == 0 ? $"exit code {result.ExitCode}" : plain.Length > MostShown ? plain[..MostShown] + "…" : plain;
    }
}
