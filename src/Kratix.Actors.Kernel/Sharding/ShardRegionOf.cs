namespace Kratix.Actors.Kernel;

/// <summary>
/// The entities of this node's shards. Starts an entity when the first message for it comes, and puts it to sleep when it asks, was idle
/// long enough, or too many are awake.
/// </summary>
/// <remarks>
/// Why no message is lost on the way to sleep:
/// (1) the region sends the entity a request to sleep through its mailbox, so all the region sent before is handled before;
/// (2) from then on the region keeps what comes for the entity;
/// (3) the entity finds its mailbox and stash empty and stops, or answers that it stays;
/// (4) the region hears of the end, or of the refusal, and tells what it kept, in order, to a new instance or to the old one.
/// A message that reaches the entity directly between (3) and its end comes back to the region.
/// </remarks>
public sealed class ShardRegion<TMessage> : Actor<ShardEnvelope<TMessage>>, IPassivates
{
    private static readonly ShardEnvelope<TMessage> Sweep = new("", default!);

    /// <summary>Timers ring up to so much early; an entity due within it is due.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    private readonly ShardRegionSettings<TMessage> _settings;
    private readonly Dictionary<string, Entity> _entities = new(StringComparer.Ordinal);
    private readonly Dictionary<int, StoppingShard> _stopping = [];
    private readonly LinkedList<Entity> _awake = [];
    private int _buffered;

    internal ShardRegion(ShardRegionSettings<TMessage> settings) => _settings = settings;

    internal ShardRegionState CurrentState => new(_entities.Count, _entities.Count - _awake.Count, _buffered);

    internal static string IdOf(string name) => Uri.UnescapeDataString(name);

    protected internal override void Receive(ShardEnvelope<TMessage> message)
    {
        if (ReferenceEquals(message, Sweep))
            PassivateIdle();
        else if (_entities.TryGetValue(message.EntityId, out var entity))
            Deliver(entity, message.Message);
        else
            Wake(message);
    }

    void IPassivates.PassivationRequested(ActorCell entity)
    {
        if (_entities.TryGetValue(IdOf(entity.Name), out var known) && known.Cell == entity)
            BeginPassivation(known, asked: true);
    }

    void IPassivates.PassivationRefused(ActorCell entity)
    {
        if (!_entities.TryGetValue(IdOf(entity.Name), out var known) || known.Cell != entity || known.Kept is not { } kept)
            return;
        known.Kept = null;
        Use(known);
        _buffered -= kept.Count;
        foreach (var message in kept)
            Deliver(known, message);
    }

    internal override void ChildTerminated(ActorCell child)
    {
        if (!_entities.TryGetValue(IdOf(child.Name), out var entity) || entity.Cell != child)
            return;
        _entities.Remove(entity.Id);
        if (entity.Place.List is not null)
            _awake.Remove(entity.Place);
        if (_stopping.TryGetValue(entity.Shard, out var stopping) && --stopping.Left == 0)
        {
            _stopping.Remove(entity.Shard);
            stopping.Done.TrySetResult();
        }

        _buffered -= entity.Kept?.Count ?? 0;
        foreach (var message in entity.Kept ?? [])
            Receive(new ShardEnvelope<TMessage>(entity.Id, message));
    }

    protected override void PreRestart(Exception cause)
    {
        foreach (var stopping in _stopping.Values)
            stopping.Done.TrySetException(cause);
        base.PreRestart(cause);
    }

    protected override void PostStop()
    {
        foreach (var entity in _entities.Values)
        {
            foreach (var message in entity.Kept ?? [])
                Undeliverable(new ShardEnvelope<TMessage>(entity.Id, message), "the region ended");
        }

        foreach (var stopping in _stopping.Values)
            stopping.Done.TrySetResult();
    }

    internal void StopShard(int shard, TaskCompletionSource done)
    {
        var entities = _entities.Values.Where(entity => entity.Shard == shard).ToList();
        if (entities.Count == 0)
        {
            done.TrySetResult();
            return;
        }

        if (_stopping.TryGetValue(shard, out var already))
        {
            already.Done.Task.ContinueWith(_ => done.TrySetResult(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }

        _stopping[shard] = new StoppingShard(done) { Left = entities.Count };
        foreach (var entity in entities)
            entity.Cell.Push(new StopNode());
    }

    private void Wake(ShardEnvelope<TMessage> message)
    {
        var shard = ShardRegion.ShardOf(message.EntityId, _settings.NumberOfShards);
        ActorCell<TMessage> cell;
        try
        {
            if (_settings.LeaseOf(shard) is not { } lease)
            {
                Undeliverable(message, $"shard {shard} is not this node's");
                return;
            }

            cell = Cell.SpawnChild(_settings.EntityProps(message.EntityId, lease), Uri.EscapeDataString(message.EntityId));
        }
        catch (Exception cause)
        {
            // One entity that cannot be made must not restart the region, and all the others with it.
            Undeliverable(message, "it could not be made", cause);
            return;
        }

        if (_settings.MaxActive > 0 && _awake.Count >= _settings.MaxActive)
            BeginPassivation(_awake.First!.Value, asked: false);
        var entity = new Entity(message.EntityId, shard, cell);
        _entities.Add(entity.Id, entity);
        Use(entity);
        cell.Tell(message.Message);
    }

    private void Undeliverable(ShardEnvelope<TMessage> message, string why, Exception? cause = null) =>
        Cell.System.DeadLetter(Cell, $"{message.Message?.GetType().Name} for {message.EntityId}: {why}", cause);

    private void Deliver(Entity entity, TMessage message)
    {
        if (entity.Kept is null)
        {
            Use(entity);
            if (entity.Cell.TryTell(message))
                return;
        }

        // It sleeps soon, or it has ended and the word of it is on its way: the next instance gets the message.
        Keep(entity).Enqueue(message);
        _buffered++;
    }

    private void BeginPassivation(Entity entity, bool asked)
    {
        if (entity.Kept is not null)
            return;
        Keep(entity);
        entity.Cell.Push(new PassivateNode(asked));
    }

    private Queue<TMessage> Keep(Entity entity)
    {
        if (entity.Kept is { } kept)
            return kept;
        if (entity.Place.List is not null)
            _awake.Remove(entity.Place);
        return entity.Kept = new Queue<TMessage>();
    }

    /// <summary>Moves the entity to the end of the line of those to be put to sleep.</summary>
    private void Use(Entity entity)
    {
        entity.UsedAt = Context.Time.GetTimestamp();
        if (entity.Place.List is not null)
            _awake.Remove(entity.Place);
        _awake.AddLast(entity.Place);
        if (_awake.Count == 1)
            SetSweep();
    }

    private void PassivateIdle()
    {
        while (_awake.First is { } first && IdleLeft(first.Value) < Rounding)
            BeginPassivation(first.Value, asked: false);
        SetSweep();
    }

    /// <summary>One timer for all: it rings when the one that waits longest may be due.</summary>
    private void SetSweep()
    {
        if (_settings.PassivateAfter is not null && _awake.First is { } first && !Context.Timers.IsActive(Sweep))
            Context.Timers.StartSingle(Sweep, Sweep, IdleLeft(first.Value));
    }

    private TimeSpan IdleLeft(Entity entity) => (_settings.PassivateAfter ?? TimeSpan.MaxValue) - Context.Time.GetElapsedTime(entity.UsedAt);

    private sealed class Entity
    {
        internal Entity(string id, int shard, ActorCell<TMessage> cell)
        {
            Id = id;
            Shard = shard;
            Cell = cell;
            Place = new LinkedListNode<Entity>(this);
        }

        internal string Id { get; }

        internal int Shard { get; }

        internal ActorCell<TMessage> Cell { get; }

        internal LinkedListNode<Entity> Place { get; }

        internal long UsedAt { get; set; }

        /// <summary>What came since the entity was told to sleep; <c>null</c> while it is awake.</summary>
        internal Queue<TMessage>? Kept { get; set; }
    }

    private sealed class StoppingShard(TaskCompletionSource done)
    {
        internal TaskCompletionSource Done => done;

        internal int Left { get; set; }
    }
}
