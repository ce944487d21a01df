namespace Kratix.Actors.Simulation.Tests;

/// <summary>What users, operators and the world do to a request that is on its way.</summary>
internal enum Wish
{
    ChangeSpec,
    ChangePromise,

    /// <summary>The mark that holds everything back.</summary>
    Pause,

    /// <summary>The end of a pause; of one that is set for it, if there is none.</summary>
    Unpause,

    /// <summary>The mark that asks for a run.</summary>
    RunAgain,

    /// <summary>From now on its Pipelines wait for something, and suspend.</summary>
    Suspend,

    /// <summary>What they waited for is there; who sees the mark of the suspension takes it off.</summary>
    Resume,
    DeleteRequest,
    DeletePromise,

    /// <summary>A Destination's labels change from what the Promise selects to what it does not, or back.</summary>
    RelabelDestination,

    /// <summary>The state store is away for forty seconds.</summary>
    StoreOutage,
    EngineRestart,
}

/// <summary>How far a request's run has come.</summary>
internal enum Moment
{
    /// <summary>The request has been created, and nobody has seen it.</summary>
    Created,

    /// <summary>Its Pod is there.</summary>
    PodMade,

    /// <summary>The Pod has handed in.</summary>
    HandedIn,

    /// <summary>The Pod has ended.</summary>
    PodEnded,

    /// <summary>Its files are to be written.</summary>
    Writing,

    /// <summary>All is done.</summary>
    Settled,
}
