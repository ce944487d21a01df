using System.Collections.Immutable;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Placement;

/// <summary>Whether files may go where they were placed. It is decided here and not when they are read, because Destinations ask for more, or for less, than the platform.</summary>
public static class Validity
{
    /// <summary>Why this work may not be written, or null.</summary>
    public static string? Problem(Work work, RunOutput output, IReadOnlyCollection<Destination> destinations)
    {
        foreach (var group in work.Groups)
        {
            var wrong = Of(group, output);
            if (group.Placements.IsEmpty && wrong.FirstOrDefault(v => v.Level <= output.Validation) is { } unplaced)
                return unplaced.Reason;
            foreach (var placement in group.Placements)
            {
                var asked = destinations.FirstOrDefault(d => d.Name == placement.Destination)?.Validation;
                if (wrong.FirstOrDefault(v => v.Level <= (asked ?? output.Validation)) is { } violation)
                    return $"{violation.Reason} (Destination {placement.Destination}{(asked is null ? "" : ", by its annotation kratix.io/output-validation")})";
            }
        }

        return null;
    }

    /// <summary>The work with what is wrong with its files, for Destinations that come later.</summary>
    public static Work Marked(Work work, RunOutput output) => output.Violations.IsEmpty ? work : work with
    {
        Groups = [.. work.Groups.Select(g => Of(g, output) is { IsEmpty: false } wrong ? g with { Violations = [.. wrong.DistinctBy(v => v.Level)], Validation = output.Validation } : g)],
    };

    /// <summary>A Destination that is found after the run takes nothing that it would have refused: why it does not take these files, or null.</summary>
    public static string? Refusal(Destination destination, WorkloadGroup group) =>
        group.Violations.IsDefaultOrEmpty ? null : group.Violations.FirstOrDefault(v => v.Level <= (destination.Validation ?? group.Validation))?.Reason;

    private static ImmutableArray<OutputViolation> Of(WorkloadGroup group, RunOutput output)
    {
        var paths = group.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return [.. output.Violations.Where(v => paths.Contains(v.Path))];
    }
}
