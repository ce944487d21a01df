using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Entries;

/// <summary>
/// What an entry of a workflow asks of the Pod of its run. <paramref name="Steps"/> run one after the other, then <paramref name="SideBySide"/> all at
/// once; both are Kubernetes containers. <paramref name="Pod"/>: further fields of the Pod's spec.
/// </summary>
internal sealed record RunParts(JsonArray Steps, JsonArray SideBySide, JsonArray Volumes, JsonObject Pod)
{
    /// <summary>Beside those of the entry's metadata.</summary>
    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>See <see cref="RunPlan.ResultFiles"/>.</summary>
    public ImmutableArray<string> ResultFiles { get; init; } = [];

    /// <summary>See <see cref="RunPlan.Timeouts"/>.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> Timeouts { get; init; } = ImmutableSortedDictionary<string, TimeSpan>.Empty;
}
