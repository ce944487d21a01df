using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Promises;

/// <summary>A Promise that another one needs; an empty version means any.</summary>
public sealed record RequiredPromise(string Name, string Version);

/// <summary>How another Promise stands, as its object shows it.</summary>
public sealed record PromiseStanding(string Version, bool Available);

/// <summary>A Promise that needs this one.</summary>
public sealed record Dependant(string Promise, string Version, string RequiredVersion);

/// <summary>What a Promise knows of those it requires and of those that require it.</summary>
public sealed record Surroundings(ImmutableSortedDictionary<string, PromiseStanding> Others, ImmutableArray<Dependant> RequiredBy)
{
    public static readonly Surroundings None = new(ImmutableSortedDictionary.Create<string, PromiseStanding>(StringComparer.Ordinal), []);

    public bool Same(Surroundings other) =>
        Others.Count == other.Others.Count && Others.All(o => other.Others.TryGetValue(o.Key, out var same) && same == o.Value) && RequiredBy.SequenceEqual(other.RequiredBy);
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
        : required.Version.Length > 0 && other.Version != required.Version ? "Requirement not installed at the specified version"
        : other.Available ? Installed
        : NotAvailable;
}
