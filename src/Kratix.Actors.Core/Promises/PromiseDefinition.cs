using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>The API a Promise publishes. <paramref name="Digest"/> addresses the CustomResourceDefinition to install.</summary>
public sealed record PromiseApi(string Group, string Version, string Plural, string Kind, string Digest)
{
    /// <summary>The name of the CustomResourceDefinition.</summary>
    [JsonIgnore]
    public string CrdName => $"{Plural}.{Group}";

    /// <summary>As the Promise's status shows it.</summary>
    [JsonIgnore]
    public string ApiVersion => $"{Group}/{Version}".ToLowerInvariant();
}

/// <summary>
/// A Promise's spec, read and found valid. <paramref name="Revision"/> is what its requests run with; <paramref name="Plan"/> is the promise
/// workflow; <paramref name="Dependencies"/>: <c>spec.dependencies</c> as one file, or null where there are none.
/// </summary>
public sealed record PromiseDefinition(PromiseRevision Revision, PromiseApi? Api, WorkflowPlan Plan, FileEntry? Dependencies)
{
    /// <summary>Promises that must be available before this one serves; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RequiredPromise>? Required { get; init; }
}

/// <summary>What matters of a Promise as the API server has it. <paramref name="SpecDigest"/>: of the canonical JSON of <c>spec</c>.</summary>
public sealed record PromiseObservation(
    string Uid, long Generation, string SpecDigest, string Version, bool Deleting, string By,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Controls Controls = Controls.None);
