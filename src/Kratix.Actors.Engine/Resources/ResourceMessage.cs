using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Resources;

/// <summary>What a ResourceActor is told: either something to decide on, or something about its surroundings.</summary>
public abstract record ResourceMessage
{
    /// <summary>The object as the API server has it, with what its Promise says of it.</summary>
    public sealed record Observed(JsonObject Item, PromiseDefinition Promise, bool PromiseAvailable) : ResourceMessage;

    /// <summary>Our finalizers could not be put on; to be tried again.</summary>
    public sealed record TakeAgain(JsonObject Item, PromiseDefinition Promise, bool PromiseAvailable, string Reason, TimeSpan? After) : ResourceMessage;

    /// <summary>The object is no longer there.</summary>
    public sealed record Vanished(JsonObject Item, PromiseDefinition Promise) : ResourceMessage;

    public sealed record Tell(Func<DateTimeOffset, ResourceCommand> Command, string Cause) : ResourceMessage;

    /// <summary>An effect was not brought about: issue what is outstanding again.</summary>
    public sealed record EffectFailed(ResourceEffect Effect, string Reason, TimeSpan? After) : ResourceMessage;

    public sealed record Reissue : ResourceMessage;

    /// <summary>The store refused this write for what it is; it is asked again after a while, since what it clashed with may go.</summary>
    public sealed record WriteRefused(ResourceEffect Effect) : ResourceMessage;

    /// <summary>The while has passed.</summary>
    public sealed record AskAgain(ResourceEffect Effect) : ResourceMessage;

    /// <summary>The object as fetched, because something had to be done before it was observed; null: there is none.</summary>
    public sealed record Loaded(ResourceType Type, JsonObject? Item) : ResourceMessage;

    /// <summary>All that a run needs has been fetched.</summary>
    public sealed record RunReady(ResourceEffect.RunPipeline Effect, JsonObject Pipeline) : ResourceMessage;

    /// <summary>A run of this Resource ended, and whether its Pod is still at work nevertheless.</summary>
    public sealed record RunEnded(string RunId, RunResult Result, bool PodAtWork) : ResourceMessage;

    /// <summary>Nothing new; wakes the actor so that it takes up what is outstanding.</summary>
    public sealed record Wake : ResourceMessage;
}
