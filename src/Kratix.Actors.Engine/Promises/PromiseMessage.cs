using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>What a PromiseActor is told.</summary>
public abstract record PromiseMessage
{
    public sealed record Observed(JsonObject Item) : PromiseMessage;

    /// <summary>The observed spec and what was made of it are stored.</summary>
    public sealed record Stored(JsonObject Item, PromiseDefinition Definition) : PromiseMessage;

    public sealed record Vanished(JsonObject Item) : PromiseMessage;

    public sealed record Tell(Func<DateTimeOffset, PromiseCommand> Command, string Cause) : PromiseMessage;

    public sealed record EffectFailed(PromiseEffect? Effect, string Reason, TimeSpan? After) : PromiseMessage;

    public sealed record Reissue : PromiseMessage;

    public sealed record RunReady(PromiseEffect.RunPipeline Effect, JsonObject Pipeline) : PromiseMessage;

    public sealed record RunEnded(string RunId, RunResult Result) : PromiseMessage;

    /// <summary>From the watch of its requests.</summary>
    public sealed record Requests(WatchSignal Signal) : PromiseMessage;

    /// <summary>Those of the listed requests that the journal does not already have at rest like this.</summary>
    public sealed record RequestsCompared(IReadOnlyList<JsonObject> ToTell) : PromiseMessage;

    public sealed record WatchBroken(Exception Cause) : PromiseMessage;

    public sealed record Wake : PromiseMessage;
}
