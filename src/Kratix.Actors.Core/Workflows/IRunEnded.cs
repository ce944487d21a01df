using System.Collections.Immutable;

namespace Kratix.Actors.Core.Workflows;

/// <summary>What the events of Promises and of requests that end a run say alike.</summary>
public interface IRunEnded
{
    string Pipeline { get; }

    ImmutableArray<StepReport> Steps { get; }
}

/// <summary>It ended badly.</summary>
public interface IRunFailed : IRunEnded
{
    string Reason { get; }
}
