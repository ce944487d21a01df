namespace Kratix.Actors.Kernel;

/// <summary>Making, asking and emptying regions.</summary>
public static class ShardRegion
{
    public static Props<ShardEnvelope<TMessage>> Props<TMessage>(ShardRegionSettings<TMessage> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.NumberOfShards, 1, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.MaxActive, nameof(settings));
        if (settings.PassivateAfter <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.PassivateAfter, "PassivateAfter must be positive, or null for never.");
        return new(() => new ShardRegion<TMessage>(settings));
    }

    /// <summary>The shard of an entity: equal on every node, in every process and version.</summary>
    public static int ShardOf(string entityId, int numberOfShards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numberOfShards, 1);
        return (int)(StableHash.Mix(StableHash.Of(entityId)) % (ulong)numberOfShards);
    }

    /// <summary>How many entities are awake, in a moment between two messages of the region.</summary>
    public static Task<ShardRegionState> AskState<TMessage>(this IActorRef<ShardEnvelope<TMessage>> region, TimeSpan limit, TimeProvider time)
    {
        var answer = new TaskCompletionSource<ShardRegionState>(TaskCreationOptions.RunContinuationsAsynchronously);
        CellOf(region).Push(new RegionNode<TMessage>(actor => answer.TrySetResult(actor.CurrentState)));
        return answer.Task.WaitAsync(limit, time);
    }

    /// <summary>
    /// First half of handing a shard over: stops its entities, appends in flight included. Completes when the last has ended; from then
    /// on nothing of this node writes the shard. Take the lease away from <c>LeaseOf</c> first, or messages wake entities again.
    /// </summary>
    public static Task StopShard<TMessage>(this IActorRef<ShardEnvelope<TMessage>> region, int shard)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!CellOf(region).Push(new RegionNode<TMessage>(actor => actor.StopShard(shard, done))))
            done.SetResult();
        return done.Task;
    }

    private static ActorCell CellOf<TMessage>(IActorRef<ShardEnvelope<TMessage>> region) =>
        region as ActorCell ?? throw new ArgumentException($"{region.Path} is not a shard region.", nameof(region));
}
