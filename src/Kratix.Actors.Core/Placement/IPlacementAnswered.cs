namespace Kratix.Actors.Core.Placement;

/// <summary>What the events of Promises and of requests that tell a store's answer say alike.</summary>
public interface IPlacementAnswered
{
    string Placement { get; }
}

public interface IPlacementWritten : IPlacementAnswered
{
    string CommitId { get; }
}

public interface IPlacementFailed : IPlacementAnswered
{
    string Reason { get; }
}
