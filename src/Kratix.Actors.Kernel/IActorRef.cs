namespace Kratix.Actors.Kernel;

/// <summary>The address of an actor. Valid for ever; an actor that stopped turns what is told to it into dead letters.</summary>
public interface IActorRef
{
    /// <summary>Names from the root down, for example <c>/user/resources/abc</c>.</summary>
    string Path { get; }
}

/// <summary>The address of an actor that understands <typeparamref name="TMessage"/>.</summary>
public interface IActorRef<in TMessage> : IActorRef
{
    /// <summary>Puts the message into the actor's mailbox. Never blocks and never throws; messages of one sender keep their order.</summary>
    void Tell(TMessage message);
}
