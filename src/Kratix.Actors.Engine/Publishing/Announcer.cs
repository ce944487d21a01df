using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// One object's Kubernetes Events for people who type <c>kubectl describe</c>. Best effort, as Events are everywhere: the audit is the journal.
/// That a Pipeline has started is told when it still runs after a while, or when it ends otherwise than well.
/// </summary>
internal sealed class Announcer(World world, PassingNews passing)
{
    private readonly Lock _gate = new();
    private readonly Pause _pause = new(world.Time);
    private Told? _waiting;

    internal void Tell(ResourceState before, ResourceState after, ResourceEvent @event, JsonObject? item)
    {
        if (item is null)
            return;
        Settle(@event is ResourceEvent.RunSucceeded);
        foreach (var told in News.Of(before, after, @event))
            Post(item, told, "ResourceRequestController");
    }

    internal void Tell(PromiseState before, PromiseState after, PromiseEvent @event, JsonObject? item)
    {
        if (item is null)
            return;
        Settle(@event is PromiseEvent.RunSucceeded);
        foreach (var told in News.Of(before, after, @event))
            Post(item, told, "PromiseController");
    }

    /// <summary>What no event of the journal tells.</summary>
    internal void Tell(JsonObject? promise, string reason, string message)
    {
        if (promise is not null)
            Post(promise, ("Normal", reason, message), "PromiseController");
    }

    private void Post(JsonObject item, (string Type, string Reason, string Message) told, string reporter)
    {
        var news = new Told(item, told.Type, told.Reason, told.Message, reporter, world.Now);
        _ = told.Reason == News.Started ? SendLater(news) : Send(news);
    }

    /// <summary>What waits is old news when its Pipeline went through, and else the beginning of the story that is told now.</summary>
    private void Settle(bool wentThrough)
    {
        if (Taken(null) is { } waiting && !wentThrough)
            _ = Send(waiting);
        _pause.End();
    }

    private async Task SendLater(Told news)
    {
        lock (_gate)
            _waiting = news;
        await _pause.Wait(passing.Patience);
        if (Taken(news) is { } still)
            await Send(still);
    }

    /// <summary>Takes what waits, if it is <paramref name="expected"/> or that is null.</summary>
    private Told? Taken(Told? expected)
    {
        lock (_gate)
        {
            var waiting = _waiting;
            if (waiting is null || (expected is not null && !ReferenceEquals(waiting, expected)))
                return null;
            _waiting = null;
            return waiting;
        }
    }

    private Task Send(Told news) => EventRecorder.Record(world, EventBody.Of(news.Item, news.Type, news.Reason, news.Message, news.Reporter, news.At));

    private sealed record Told(JsonObject Item, string Type, string Reason, string Message, string Reporter, DateTimeOffset At);
}
