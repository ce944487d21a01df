using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Workflows;

/// <summary>How strictly a run's output is looked at before anything of it is written; the later, the stricter.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutputValidation>))]
public enum OutputValidation
{
    None,

    /// <summary>Files that end in .yaml, .yml or .json must parse.</summary>
    Yaml,

    /// <summary>Root directory only, every document an applicable Kubernetes object.</summary>
    Kubernetes,
}

/// <summary>What is wrong with a file where <paramref name="Level"/> or something stricter is asked for. <paramref name="Reason"/> is for the Promise's author: file, line, and why.</summary>
public sealed record OutputViolation(string Path, OutputValidation Level, string Reason);
