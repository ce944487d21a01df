using System.Collections.Immutable;

namespace Kratix.Actors.Core.Resources;

/// <summary>What holds a request until each step of its deletion is done, in the reference's spelling and order.</summary>
public static class ResourceFinalizers
{
    /// <summary>The step that takes its files back.</summary>
    public const string Files = "kratix.io/work-cleanup";

    public static readonly ImmutableArray<string> All = ["kratix.io/delete-workflows", Files, "kratix.io/workflows-cleanup", "kratix.io/resource-binding-cleanup"];

    /// <summary>Those whose steps are done when this one's is under way.</summary>
    public static ImmutableArray<string> Before(string next) => All[..All.IndexOf(next)];
}
