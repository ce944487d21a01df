using System.Collections.Immutable;

namespace Kratix.Actors.Core.Workflows;

/// <summary>How a run of a Pipeline ended.</summary>
public abstract record RunResult(ImmutableArray<StepReport> Steps)
{
    public sealed record Succeeded(ImmutableArray<StepReport> Steps, RunOutput Output) : RunResult(Steps);

    /// <summary><paramref name="Reason"/> is written for the user: it names container, image, file and line, as far as they matter.</summary>
    public sealed record Failed(ImmutableArray<StepReport> Steps, string Reason) : RunResult(Steps)
    {
        /// <summary>How often containers were started again in place: each was an attempt too.</summary>
        public int Restarts { get; init; }
    }
}
