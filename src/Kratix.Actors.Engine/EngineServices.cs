using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Fencing;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Resources;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Telemetry;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine;

/// <summary>What the aggregates' actors share.</summary>
internal sealed record EngineServices(
    World World, EngineSettings Settings, JournalEventStore<ResourceState, ResourceEvent> ResourceStore, JournalEventStore<PromiseState, PromiseEvent> PromiseStore,
    DestinationSnapshot Destinations, IActorRef<StateStoresMessage> Stores, RunServices Runs, Revisions Revisions, PassingNews Passing, string StartToken, Fence Fence, Observer Observer)
{
    /// <summary>The region of all Resources; set once, before any message flows.</summary>
    internal IActorRef<ShardEnvelope<ResourceMessage>> Resources { get; set; } = null!;

    /// <summary>The region of all Promises; set once, before any message flows.</summary>
    internal IActorRef<ShardEnvelope<PromiseMessage>> Promises { get; set; } = null!;
}

/// <summary>A Pipeline as its Promise has it. <paramref name="Namespace"/>: where all the Promise's Pipelines run; null: where their object is.</summary>
public sealed record PlannedPipeline(JsonObject Document, string? Namespace);

/// <summary>A Promise's spec, whole, as it was when requests were bound to it.</summary>
internal sealed record Revision(JsonObject Spec, ResourceType? Type)
{
    /// <summary>Where all Pipelines run; null: where their object is.</summary>
    internal string? PipelineNamespace => Spec["workflows"]?["config"]?["pipelineNamespace"]?.ToString() is { Length: > 0 } ns ? ns : null;

    /// <summary><paramref name="workflow"/>: <c>promise</c> or <c>resource</c>. Every caller asks for a Pipeline that the revision's plan names.</summary>
    internal PlannedPipeline Pipeline(string workflow, WorkflowAction action, string name) => new(
        (Spec["workflows"]?[workflow]?[action == WorkflowAction.Configure ? "configure" : "delete"] as JsonArray ?? [])
        .OfType<JsonObject>().First(p => p["metadata"]?["name"]?.ToString() == name), PipelineNamespace);
}

/// <summary>Promise specs by digest, kept in the content store for ever and in memory while in use.</summary>
internal sealed class Revisions(IContentStore content)
{
    private const int Kept = 256;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Revision> _known = new(StringComparer.Ordinal);

    internal async Task<string> Put(JsonObject spec) => await content.Put(Core.Documents.Canonical.Utf8(spec), CancellationToken.None);

    internal async Task<Revision> Get(string digest)
    {
        if (_known.TryGetValue(digest, out var known))
            return known;
        var bytes = await content.Get(digest, CancellationToken.None)
            ?? throw new InvalidOperationException($"the journal has no content {digest}, the spec of a Promise");
        var spec = JsonNode.Parse(bytes)!.AsObject();
        if (_known.Count >= Kept)
            _known.Clear();
        return _known[digest] = new Revision(spec, ApiReader.Read(spec["api"] as JsonObject)?.ResourceType());
    }
}
