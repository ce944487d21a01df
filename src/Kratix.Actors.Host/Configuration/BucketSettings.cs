namespace Kratix.Actors.Host.Configuration;

/// <summary>How buckets are written.</summary>
/// <param name="Parallel">Requests of one batch under way together.</param>
public sealed record BucketSettings(TimeSpan RequestTimeout, int Parallel)
{
    internal static BucketSettings Read(SettingsReader reader) => new(
        reader.Duration("kratix.bucket.request-timeout", TimeSpan.FromSeconds(1)),
        reader.Int("kratix.bucket.parallel", 1, 256));
}
