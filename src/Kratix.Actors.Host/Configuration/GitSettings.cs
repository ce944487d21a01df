namespace Kratix.Actors.Host.Configuration;

/// <summary>How repositories are written.</summary>
public sealed record GitSettings(
    bool AllowFileUrls, bool AllowHttpUrls, bool CreateMissingBranch, string GitHubApi, string? CertificateAuthorityFile, TimeSpan CommandTimeout, GitBatchSettings Batch, GitRetrySettings Retry, PushBudgetSettings PushBudget)
{
    internal static GitSettings Read(SettingsReader reader) => new(
        reader.Bool("kratix.git.allow-file-urls"),
        reader.Bool("kratix.git.allow-http-urls"),
        reader.Bool("kratix.git.create-missing-branch"),
        reader.Text("kratix.git.github-api"),
        reader.OptionalText("kratix.git.certificate-authorities"),
        reader.Duration("kratix.git.command-timeout", TimeSpan.FromSeconds(1)),
        new GitBatchSettings(
            reader.Int("kratix.git.batch.max-intents", 1),
            reader.Int("kratix.git.batch.max-files", 1),
            reader.Size("kratix.git.batch.max-bytes", 1024),
            reader.Duration("kratix.git.batch.linger", TimeSpan.Zero)),
        GitRetrySettings.Read(reader),
        new PushBudgetSettings(
            reader.Int("kratix.git.push-budget.default", 0),
            reader.IntByName("kratix.git.push-budget.hosts", 0)));
}

/// <param name="Linger">How long a batch waits for company.</param>
public sealed record GitBatchSettings(int MaxIntents, int MaxFiles, long MaxBytes, TimeSpan Linger);

/// <param name="RejectedPushes">How often one batch is fetched and redone when its push is rejected, before it waits.</param>
public sealed record GitRetrySettings(TimeSpan Min, TimeSpan Max, int RejectedPushes)
{
    internal static GitRetrySettings Read(SettingsReader reader)
    {
        var settings = new GitRetrySettings(
            reader.Duration("kratix.git.retry.min", TimeSpan.FromMilliseconds(1)),
            reader.Duration("kratix.git.retry.max", TimeSpan.FromMilliseconds(1)),
            reader.Int("kratix.git.retry.rejected-pushes", 1, 100));
        reader.Require(settings.Min <= settings.Max, "kratix.git.retry.max", "at least kratix.git.retry.min");
        return settings;
    }
}

/// <summary>Pushes per minute to one repository; 0: no limit.</summary>
/// <param name="Default">For hosts that are not named.</param>
/// <param name="Hosts">By host name, whatever its case.</param>
public sealed record PushBudgetSettings(int Default, IReadOnlyDictionary<string, int> Hosts)
{
    /// <summary>Pushes per minute allowed to a repository on this host, or null for no limit.</summary>
    public int? PerMinute(string host) => (Hosts.TryGetValue(host, out var budget) ? budget : Default) is > 0 and var limit ? limit : null;
}
