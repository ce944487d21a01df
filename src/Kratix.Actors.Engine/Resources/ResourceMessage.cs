using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Aggregates;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Resources;

/// <summary>What a ResourceActor is told: either something to decide on, or something about its surroundings.</summary>
public abstract record ResourceMessage
{
    /// <summary>The object as the API server has it, with what its Promise says of it.</summary>
    public sealed record Observed(JsonObject Item, PromiseDefinition Promise, bool PromiseAvailable) : ResourceMessage
    {
        /// <summary>The Promise wants to know when the request is at rest with this: others wait for their turn.</summary>
        public bool Follow { get; init; }
    }

    /// <summary>Our finalizers could not be put on; to be tried again.</summary>
    public sealed record TakeAgain(JsonObject Item, PromiseDefinition Promise, bool PromiseAvailable, string Reason, TimeSpan? After) : ResourceMessage;

    /// <summary>The object is no longer there.</summary>
    public sealed record Vanished(JsonObject Item, PromiseDefinition Promise) : ResourceMessage;

    /// <summary>The object as fetched, because something had to be done before it was observed; null: there is none.</summary>
    public sealed record Loaded(ResourceType Type, JsonObject? Item) : ResourceMessage;

    /// <summary>What the actors of all aggregates are told.</summary>
    public sealed record Own(AggregateMessage<ResourceCommand, ResourceEffect> Message) : ResourceMessage;

    public static ResourceMessage Tell(Func<DateTimeOffset, ResourceCommand> command, string cause) => new Own(new AggregateMessage<ResourceCommand, ResourceEffect>.Tell(command, cause));

    public static ResourceMessage Wake() => new Own(new AggregateMessage<ResourceCommand, ResourceEffect>.Wake());
}
