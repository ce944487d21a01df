using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Host.Configuration;

public enum ImagePullPolicy
{
    Always,
    IfNotPresent,
    Never,
}

/// <summary>How Pipelines run.</summary>
/// <param name="BackoffLimit">Attempts after the first one that fails.</param>
/// <param name="DefaultDeadline">For a Pipeline that sets none; null: no limit.</param>
/// <param name="DefaultContainerResources">YAML of a map, for containers that set none.</param>
/// <param name="DefaultContainerSecurityContext">YAML of a map, for containers that set none.</param>
/// <param name="JobsToKeep">Finished runs kept per Pipeline and object.</param>
/// <param name="AdapterImage">Of the containers that fetch the object and hand in the output; null: this process does what they do.</param>
/// <param name="AdapterPullSecret">A Secret, in the namespace a run is in, that the registry of its images asks for.</param>
/// <param name="PodTtl">How long after its end the Pod of a run goes, also when it is among those to keep; null: never.</param>
public sealed record WorkflowSettings(
    int MaxRunsInFlight, int MaxRunsPerPromise, int BackoffLimit, TimeSpan RetryMin, TimeSpan RetryMax, TimeSpan? DefaultDeadline, TimeSpan ImagePullDeadline,
    int JobsToKeep, TimeSpan? PodTtl, ImagePullPolicy? DefaultImagePullPolicy, string? DefaultContainerResources, string? DefaultContainerSecurityContext,
    string? AdapterImage, string? AdapterPullSecret)
{
    internal static WorkflowSettings Read(SettingsReader reader)
    {
        var settings = new WorkflowSettings(
            reader.Int("kratix.workflows.max-runs-in-flight", 1),
            reader.Int("kratix.workflows.max-runs-per-promise", 1),
            reader.Int("kratix.workflows.backoff-limit", 0, 100),
            reader.Duration("kratix.workflows.retry.min", TimeSpan.FromMilliseconds(1)),
            reader.Duration("kratix.workflows.retry.max", TimeSpan.FromMilliseconds(1)),
            reader.DurationOrOff("kratix.workflows.default-deadline", TimeSpan.FromSeconds(1)),
            reader.Duration("kratix.workflows.image-pull-deadline", TimeSpan.FromSeconds(1)),
            reader.Int("kratix.workflows.jobs-to-keep", 1, 1000),
            reader.DurationOrOff("kratix.workflows.pod-ttl", TimeSpan.FromSeconds(1)),
            reader.OptionalChoice<ImagePullPolicy>("kratix.workflows.default-image-pull-policy"),
            reader.OptionalText("kratix.workflows.default-container-resources"),
            reader.OptionalText("kratix.workflows.default-container-security-context"),
            reader.OptionalText("kratix.workflows.adapter-image"),
            reader.OptionalText("kratix.workflows.adapter-pull-secret"));
        foreach (var (key, text) in new[]
        {
            ("kratix.workflows.default-container-resources", settings.DefaultContainerResources),
            ("kratix.workflows.default-container-security-context", settings.DefaultContainerSecurityContext),
        })
        {
            reader.Require(text is null || IsMap(text), key, "a map in YAML, such as \"limits: {memory: 256Mi}\"");
        }

        reader.Require(settings.RetryMin <= settings.RetryMax, "kratix.workflows.retry.max", "at least kratix.workflows.retry.min");
        return settings;
    }

    private static bool IsMap(string yaml)
    {
        try
        {
            return Yaml.Parse(yaml) is JsonObject;
        }
        catch (YamlFormatException)
        {
            return false;
        }
    }
}

public enum OutputValidation
{
    /// <summary>Root directory only, and every document an applicable Kubernetes object.</summary>
    Kubernetes,

    /// <summary>A .yaml, .yml or .json file must parse.</summary>
    Yaml,
    None,
}

/// <summary>What a Pipeline may hand in.</summary>
public sealed record OutputSettings(OutputValidation Validation, int MaxFiles, long MaxBytes, long MaxFileBytes)
{
    internal static OutputSettings Read(SettingsReader reader)
    {
        var settings = new OutputSettings(
            reader.Choice<OutputValidation>("kratix.output.validation"),
            reader.Int("kratix.output.max-files", 1),
            reader.Size("kratix.output.max-bytes", 1),
            reader.Size("kratix.output.max-file-bytes", 1));
        reader.Require(settings.MaxFileBytes <= settings.MaxBytes, "kratix.output.max-file-bytes", "at most kratix.output.max-bytes");
        return settings;
    }
}
