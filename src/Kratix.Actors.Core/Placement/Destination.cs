using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Placement;

/// <summary>Where a Destination's files go. <paramref name="BasePath"/>: state store path and Destination path joined, no slash at either end, empty for the root.</summary>
public sealed record Location(string StoreKind, string StoreName, string BasePath, FilepathMode Mode, string? Filename);

[JsonConverter(typeof(JsonStringEnumConverter<FilepathMode>))]
public enum FilepathMode
{
    NestedByMetadata,
    AggregatedYaml,
    None,
}

/// <summary>A Destination as scheduling sees it.</summary>
public sealed record Destination(string Name, ImmutableSortedDictionary<string, string> Labels, bool StrictMatchLabels, bool Ready, Location Location)
{
    /// <summary>The object's: another of its name is another Destination.</summary>
    public string Uid { get; init; } = "";

    /// <summary>It is being deleted and takes its files along: nothing goes there any more, and what is there is given up.</summary>
    public bool Leaving { get; init; }

    /// <summary>How strictly what goes there is looked at; null: as the platform does.</summary>
    public Workflows.OutputValidation? Validation { get; init; }
}

/// <summary>Who asks for these labels; decides who wins when two ask for different values of one key.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SelectorSource>))]
public enum SelectorSource
{
    /// <summary>Strongest.</summary>
    Promise,
    PromiseWorkflow,
    ResourceWorkflow,
}

/// <summary>One <c>matchLabels</c>. A Destination must carry every label of the merged selectors.</summary>
public sealed record Selector(ImmutableSortedDictionary<string, string> MatchLabels, SelectorSource Source);
