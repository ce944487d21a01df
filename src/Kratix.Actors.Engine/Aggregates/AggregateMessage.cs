using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Aggregates;

/// <summary>What the actors of Promises and of requests are told alike: something to decide on, or how an effect fares.</summary>
public abstract record AggregateMessage<TCommand, TEffect>
{
    public sealed record Tell(Func<DateTimeOffset, TCommand> Command, string Cause) : AggregateMessage<TCommand, TEffect>;

    /// <summary>An effect was not brought about: issue what is outstanding again, not before <paramref name="After"/>.</summary>
    public sealed record EffectFailed(TEffect Effect, string Reason, TimeSpan? After) : AggregateMessage<TCommand, TEffect>;

    /// <summary>All that a run needs has been fetched.</summary>
    public sealed record RunReady(TEffect Effect, PlannedPipeline Pipeline) : AggregateMessage<TCommand, TEffect>;

    /// <summary>A run ended, and whether its Pod is still at work nevertheless.</summary>
    public sealed record RunEnded(string RunId, RunResult Result, bool PodAtWork) : AggregateMessage<TCommand, TEffect>;

    /// <summary>Nothing more is to be heard of the effect by itself: if it is still owed after a while, issue it again.</summary>
    public sealed record AskLater(TEffect Effect, TimeSpan After) : AggregateMessage<TCommand, TEffect>;

    /// <summary>The while has passed.</summary>
    public sealed record AskAgain(TEffect Effect) : AggregateMessage<TCommand, TEffect>;

    /// <summary>Works and WorkPlacements of these keys are there in its name, and its state knows nothing of them.</summary>
    public sealed record LeftBehind(IReadOnlyList<string> Keys) : AggregateMessage<TCommand, TEffect>;

    /// <summary>Nothing new: take up what is outstanding.</summary>
    public sealed record Wake : AggregateMessage<TCommand, TEffect>;
}
