namespace Kratix.Actors.Kernel;

/// <summary>An entity asks to be put to sleep.</summary>
internal sealed class PassivateRequestNode(ActorCell entity) : Node
{
    internal override void Run(ActorCell cell)
    {
        if (cell.InstanceAs<IPassivates>() is { } region)
            region.PassivationRequested(entity);
        else
            entity.Push(new StopNode());
    }

    internal override void Discard(ActorCell cell) => entity.Push(new StopNode());
}

/// <summary>The region's last word to an entity: nothing of mine comes after this, sleep if your mailbox is empty.</summary>
internal sealed class PassivateNode(bool asked) : Node
{
    internal override void Run(ActorCell cell) => cell.PassivateNow(asked);
}

/// <summary>The entity has something left to do and stays.</summary>
internal sealed class PassivationRefusedNode(ActorCell entity) : Node
{
    internal override void Run(ActorCell cell) => cell.InstanceAs<IPassivates>()?.PassivationRefused(entity);
}

/// <summary>A message that reached an entity past its region while it fell asleep.</summary>
internal sealed class ReturnedNode<TMessage>(string entityName, TMessage message) : Node
{
    internal override void Run(ActorCell cell) =>
        cell.InstanceAs<Actor<ShardEnvelope<TMessage>>>()?.RunReceive(new ShardEnvelope<TMessage>(ShardRegion<TMessage>.IdOf(entityName), message));

    internal override void Discard(ActorCell cell) => cell.System.DeadLetter(cell, Describe());

    internal override string Describe() => message?.GetType().Name ?? typeof(TMessage).Name;
}

/// <summary>Something to do on a region's own turn.</summary>
internal sealed class RegionNode<TMessage>(Action<ShardRegion<TMessage>> action) : Node
{
    internal override void Run(ActorCell cell) => action(cell.InstanceAs<ShardRegion<TMessage>>()
        ?? throw new InvalidOperationException($"{cell.Path} is not a shard region of {typeof(TMessage).Name}."));
}

internal interface IPassivates
{
    void PassivationRequested(ActorCell entity);

    void PassivationRefused(ActorCell entity);
}
