using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>A Promise that another one needs; an empty version means any.</summary>
public sealed record RequiredPromise(string Name, string Version);

/// <summary>How another Promise stands, as its object and its PromiseRevisions show it.</summary>
public sealed record PromiseStanding(string Version, bool Available)
{
    /// <summary>The versions there are revisions of, sorted; null in what was stored before revisions were looked at.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Versions { get; init; }

    public bool Has(string version) => Versions is { } versions ? versions.Contains(version) : Version == version;

    public bool Same(PromiseStanding other) =>
        (Version, Available, Versions is null) == (other.Version, other.Available, other.Versions is null) && (Versions ?? []).SequenceEqual(other.Versions ?? []);
}

/// <summary>A Promise that needs this one.</summary>
public sealed record Dependant(string Promise, string Version, string RequiredVersion);

/// <summary>What a Promise knows of those it requires and of those that require it.</summary>
public sealed record Surroundings(ImmutableSortedDictionary<string, PromiseStanding> Others, ImmutableArray<Dependant> RequiredBy)
{
    public static readonly Surroundings None = new(ImmutableSortedDictionary.Create<string, PromiseStanding>(StringComparer.Ordinal), []);

    /// <summary>How often the Promise's own latest PromiseRevision wants its requests run again, if it says so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? Interval { get; init; }

    public bool Same(Surroundings other) =>
        Others.Count == other.Others.Count && Others.All(o => other.Others.TryGetValue(o.Key, out var same) && same.Same(o.Value))
        && RequiredBy.SequenceEqual(other.RequiredBy) && Interval == other.Interval;
}

/// <summary>Whether what a Promise requires is there, in the reference's words.</summary>
public static class Requirements
{
    public const string Condition = "RequirementsFulfilled";

    private const string Installed = "Requirement installed";
    private const string NotAvailable = "Requirement not available";

    public static bool AreFulfilled(PromiseState state) => Required(state).All(r => Standing(state, r) == Installed);

    /// <summary>Null for a Promise that requires none.</summary>
    public static Condition? Of(PromiseState state)
    {
        var standings = Required(state).Select(r => Standing(state, r)).ToList();
        if (standings.Count == 0)
            return null;
        if (standings.All(s => s == Installed))
            return new(Condition, "True", "RequirementsInstalled", "Requirements fulfilled");
        return new(Condition, "False", standings.All(s => s is Installed or NotAvailable) ? "RequirementsNotAvailable" : "RequirementsNotInstalled", "Requirements not fulfilled");
    }

    /// <summary><c>status.requiredPromises</c>.</summary>
    public static JsonArray Shown(PromiseState state) =>
        [.. Required(state).Select(r => new JsonObject { ["name"] = r.Name, ["version"] = r.Version, ["state"] = Standing(state, r) })];

    /// <summary><c>status.requiredBy</c>.</summary>
    public static JsonArray ShownBy(PromiseState state) =>
    [
        .. (state.Surroundings ?? Surroundings.None).RequiredBy.Select(d => new JsonObject
        {
            ["promise"] = new JsonObject { ["name"] = d.Promise, ["version"] = d.Version }, ["requiredVersion"] = d.RequiredVersion,
        }),
    ];

    private static IReadOnlyList<RequiredPromise> Required(PromiseState state) => state.Definition?.Required ?? [];

    private static string Standing(PromiseState state, RequiredPromise required) => !(state.Surroundings ?? Surroundings.None).Others.TryGetValue(required.Name, out var other)
        ? "Requirement not installed"
        : required.Version.Length > 0 && !other.Has(required.Version) ? "Requirement not installed at the specified version"
        : other.Available ? Installed
        : NotAvailable;
}
