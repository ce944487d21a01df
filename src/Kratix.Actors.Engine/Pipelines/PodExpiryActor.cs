using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What the expiry of Pods is told.</summary>
public abstract record PodExpiryMessage
{
    public sealed record Look : PodExpiryMessage;

    public sealed record Looked : PodExpiryMessage;

    public sealed record Failed(Exception Cause) : PodExpiryMessage;
}

/// <summary>
/// From time to time takes away the Pods of runs that ended long enough ago. It keeps nothing in mind and has one timer for all of them: when a Pod ended stands in
/// its status, so a look after a restart sees what one before it would have seen. A Pod whose end is not stored yet stays, however old it is: an engine that was away
/// has still to read from it how the run ended.
/// </summary>
internal sealed partial class PodExpiryActor(World world, EngineSettings settings) : Actor<PodExpiryMessage>
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Seldom = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart() => Next();

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(PodExpiryMessage message)
    {
        switch (message)
        {
            case PodExpiryMessage.Look:
                Context.PipeToSelf<PodExpiryMessage>(Look(), done => done, e => new PodExpiryMessage.Failed(e));
                break;
            case PodExpiryMessage.Looked:
                Next();
                break;
            case PodExpiryMessage.Failed { Cause: var cause }:
                LogFailed(world.Log, cause.Message);
                Next();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private void Next()
    {
        var ttl = settings.PodTtl ?? Seldom;
        Context.Timers.StartSingle("look", new PodExpiryMessage.Look(), ttl < Often ? Often : ttl > Seldom ? Seldom : ttl);
    }

    private async Task<PodExpiryMessage> Look()
    {
        if (settings.PodTtl is not { } ttl)
            return new PodExpiryMessage.Looked();
        var listed = await world.Kubernetes.List(Kinds.Pod, null, $"{Marks.ManagedBy}=Kratix", _stop.Token);
        if (listed is not Outcome<IReadOnlyList<JsonObject>>.Done { Value: var pods })
            throw new InvalidOperationException(listed.Failure);
        foreach (var pod in pods.Where(p => EndOf(p) is { } end && end + ttl <= world.Now))
        {
            if (!await IsAwaited(pod) && (await world.Runner.Remove(pod.Namespace()!, pod.Name(), _stop.Token)).Failure is { } failure)
                LogFailed(world.Log, $"Pod {pod.Namespace()}/{pod.Name()}: {failure}");
        }

        return new PodExpiryMessage.Looked();
    }

    /// <summary>Whether its run is, for the object it works for, still under way.</summary>
    private async Task<bool> IsAwaited(JsonObject pod)
    {
        var promise = pod.Label(Marks.PromiseName) ?? "";
        var entity = pod.Label(Marks.ResourceName) is { } resource
            ? new EntityKey(Shapes.Resource, new ResourceId(promise, pod.Label(Marks.ResourceNamespace) ?? pod.Namespace()!, resource).ToString())
            : new EntityKey(Shapes.Promise, promise);
        if (await world.Journal.Read(entity, _stop.Token) is not { } row)
            return false;
        var run = entity.Type == Shapes.Resource ? Codec.Read<ResourceState>(row.State.Span).ActiveRun?.RunId : Codec.Read<PromiseState>(row.State.Span).ActiveRun?.RunId;
        return run is not null && run == pod.Annotation(RunPlan.RunIdAnnotation);
    }

    /// <summary>When the last of its containers ended; null while the Pod has not.</summary>
    private static DateTimeOffset? EndOf(JsonObject pod)
    {
        var status = pod["status"];
        if (status?["phase"]?.ToString() is not ("Succeeded" or "Failed"))
            return null;
        var ends = ((string[])["initContainerStatuses", "containerStatuses"]).SelectMany(list => status[list] as JsonArray ?? [])
            .Select(c => Time(c?["state"]?["terminated"]?["finishedAt"])).Max();
        // One that was turned away before it began has no containers that ended.
        return ends ?? Time(status["startTime"]) ?? Time(pod["metadata"]?["creationTimestamp"]);
    }

    private static DateTimeOffset? Time(JsonNode? node) =>
        DateTimeOffset.TryParse(node?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [LoggerMessage(1402, LogLevel.Warning, "Pods of finished runs whose time has passed are still there: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
