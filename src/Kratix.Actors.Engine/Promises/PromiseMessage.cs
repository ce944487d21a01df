using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>What a PromiseActor is told.</summary>
public abstract record PromiseMessage
{
    public sealed record Observed(JsonObject Item) : PromiseMessage;

    /// <summary>The observed spec and what was made of it are stored.</summary>
    public sealed record Stored(JsonObject Item, PromiseDefinition Definition) : PromiseMessage;

    public sealed record Vanished(JsonObject Item) : PromiseMessage;

    /// <summary>From the watch of its requests.</summary>
    public sealed record Requests(WatchSignal Signal) : PromiseMessage;

    /// <summary>Listed requests that the journal does not know.</summary>
    public sealed record NewRequests(IReadOnlyList<JsonObject> Items) : PromiseMessage;

    /// <summary>Those of <paramref name="Total"/> listed requests that the journal does not already have at rest like this, new ones apart.</summary>
    public sealed record RequestsCompared(IReadOnlyList<JsonObject> ToTell, int Total) : PromiseMessage;

    /// <summary>The request is at rest with what it was told last.</summary>
    public sealed record Followed(string Namespace, string Name, PromiseRevision Revision) : PromiseMessage;

    /// <summary>Say how far the requests are, while they follow a change.</summary>
    public sealed record ShowProgress : PromiseMessage;

    /// <summary>There is a PromiseRevision of this version that was not there before.</summary>
    public sealed record RevisionMade(string Version) : PromiseMessage;

    /// <summary>Other Promises that matter to this one.</summary>
    public sealed record Others(Surroundings Surroundings) : PromiseMessage;

    /// <summary>The journal could not be asked what it has of the listed requests.</summary>
    public sealed record ComparisonFailed(Exception Cause) : PromiseMessage;

    /// <summary>The platform's settings have changed, and what was made of the spec by them.</summary>
    public sealed record ReadAgain : PromiseMessage;

    /// <summary>The Promise could have missed something of itself: ask the API server.</summary>
    public sealed record LookAtSelf : PromiseMessage;

    /// <summary>This request could have missed something: ask the API server and tell it.</summary>
    public sealed record LookAt(string Namespace, string Name) : PromiseMessage;

    /// <summary>List all requests and tell those that differ.</summary>
    public sealed record Relist : PromiseMessage;

    /// <summary>
    /// What came of a question that takes its time; null: nothing. <paramref name="Since"/>: what has been seen since it was asked. An answer to an earlier life of
    /// the actor has another one.
    /// </summary>
    internal sealed record Answered(SeenSince Since, PromiseMessage? Answer) : PromiseMessage;

    /// <summary>A question to the API server that must be asked again.</summary>
    public sealed record AskLater(PromiseMessage Question, string Reason, TimeSpan? After) : PromiseMessage;

    /// <summary>What the actors of all aggregates are told.</summary>
    public sealed record Own(AggregateMessage<PromiseCommand, PromiseEffect> Message) : PromiseMessage;

    public static PromiseMessage Tell(Func<DateTimeOffset, PromiseCommand> command, string cause) => new Own(new AggregateMessage<PromiseCommand, PromiseEffect>.Tell(command, cause));

    public static PromiseMessage Wake() => new Own(new AggregateMessage<PromiseCommand, PromiseEffect>.Wake());
}
