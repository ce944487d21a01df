namespace Kratix.Actors.Kernel;

/// <content>Children, watches, and the rest that most actors never use, kept in an object of its own that is made on first use.</content>
internal abstract partial class ActorCell
{
    private CellExtras? _extras;

    protected CellExtras Extras => _extras ??= new CellExtras();

    protected CellExtras? ExtrasIfAny => _extras;

    internal bool HasChildrenOrTimers => _extras is { } more && (more.Children is { Count: > 0 } || more.Timers is { Count: > 0 });

    internal ActorCell<TChild> SpawnChild<TChild>(Props<TChild> props, string name)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (string.IsNullOrEmpty(name) || name.Contains('/', StringComparison.Ordinal))
            throw new InvalidActorNameException($"'{name}' under {Path} is no name for an actor: it must not be empty or hold a slash.");
        var child = new ActorCell<TChild>(System, this, name, props);
        var children = ChildrenForChange();
        lock (children)
        {
            if (_status is not (Status.Running or Status.New))
                throw new InvalidOperationException($"{Path} is stopping and can have no child '{name}' any more.");
            if (!children.TryAdd(name, child))
                throw new InvalidActorNameException($"{Path} has a child '{name}' already.");
        }

        System.Dispatcher.Schedule(child);
        return child;
    }

    private Dictionary<string, ActorCell> ChildrenForChange() => Extras.Children ??= new Dictionary<string, ActorCell>(StringComparer.Ordinal);

    /// <summary>The lazily made parts are made on the actor's own turn; the root has children given from outside, so it makes them now.</summary>
    internal void PrepareForSpawnFromAnyThread() => ChildrenForChange();

    internal ActorCell? FindChild(string name)
    {
        if (_extras?.Children is not { } children)
            return null;
        lock (children)
            return children.GetValueOrDefault(name);
    }

    internal ActorCell[] ListChildren()
    {
        if (_extras?.Children is not { } children)
            return [];
        lock (children)
            return [.. children.Values];
    }

    /// <summary>The live descendants without live children: those a stop waits for. May be asked from any thread.</summary>
    internal IEnumerable<ActorCell> Leaves() => ListChildren().SelectMany(child => child.Leaves().DefaultIfEmpty(child));

    /// <returns>How many children have yet to end.</returns>
    private int StopChildren()
    {
        var children = ListChildren();
        foreach (var child in children)
            child.Push(new StopNode());
        return children.Length;
    }

    internal void ChildTerminated(ActorCell child)
    {
        var children = ChildrenForChange();
        int left;
        lock (children)
        {
            if (children.GetValueOrDefault(child.Name) == child)
                children.Remove(child.Name);
            left = children.Count;
        }

        if (left == 0 && _status == Status.Stopping)
            Terminate();
        else if (left == 0 && Extras.RestartWhenChildless)
            ScheduleRestart();
        else if (_status == Status.Running && Instance is { } instance)
            NotifyInstanceOfChild(instance, child);
    }

    private void NotifyInstanceOfChild(ActorBase instance, ActorCell child)
    {
        try
        {
            instance.ChildTerminated(child);
        }
        catch (Exception cause)
        {
            Fail(cause, $"the end of {child.Name}");
        }
    }

    internal void WatchOther(IActorRef actor)
    {
        if (actor is ActorCell other && (Extras.Watching ??= []).Add(other) && !other.Push(new WatchNode(this)))
            Push(new TerminatedNode(other));
    }

    internal void UnwatchOther(IActorRef actor)
    {
        if (actor is ActorCell other && _extras?.Watching?.Remove(other) == true)
            other.Push(new UnwatchNode(this));
    }

    internal void AddWatcher(ActorCell watcher)
    {
        var watchers = Extras.Watchers ??= [];
        if (!watchers.Contains(watcher))
            watchers.Add(watcher);
    }

    internal void RemoveWatcher(ActorCell watcher) => _extras?.Watchers?.Remove(watcher);

    private void TellWatchers()
    {
        foreach (var watcher in _extras?.Watchers ?? [])
            watcher.Push(new TerminatedNode(this));
    }

    /// <summary>Only who still watches is told; so a notice that crossed an unwatch or a restart is dropped.</summary>
    internal void Terminated(ActorCell actor)
    {
        if (_extras?.Watching?.Remove(actor) == true)
            Instance?.RunTerminated(actor);
    }

    private void LeaveRelations()
    {
        CancelTimers();
        if (_extras?.Watching is not { } watching)
            return;
        foreach (var other in watching)
            other.Push(new UnwatchNode(this));
        watching.Clear();
    }

    protected void CancelTimers()
    {
        if (_extras?.Timers is not { } timers)
            return;
        foreach (var timer in timers.Values)
            System.Timers.Cancel(timer);
        timers.Clear();
    }

    protected void Stash(Node node)
    {
        var more = Extras;
        if (more.StashLast is null)
            more.StashFirst = node;
        else
            more.StashLast.Next = node;
        more.StashLast = node;
        more.StashCount++;
    }

    protected void UnstashAllNodes()
    {
        if (_extras is not { StashFirst: { } first, StashLast: { } last } more)
            return;
        var count = more.StashCount;
        more.StashFirst = more.StashLast = null;
        more.StashCount = 0;
        PutBack(first, last, count);
    }
}

internal sealed class CellExtras
{
    /// <summary>Its own lock: the root's children are added from any thread, and metrics read from any thread.</summary>
    internal Dictionary<string, ActorCell>? Children;
    internal List<ActorCell>? Watchers;
    internal HashSet<ActorCell>? Watching;
    internal Dictionary<object, ActorTimer>? Timers;
    internal Delegate? Behavior;
    internal Node? StashFirst;
    internal Node? StashLast;
    internal int StashCount;
    internal int Attempts;
    internal long StartedAt;
    internal TimeSpan Backoff;
    internal bool RestartWhenChildless;
}
