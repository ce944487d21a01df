namespace Kratix.Actors.Kernel.Tests;

/// <summary>An actor written as a lambda where it is used.</summary>
internal sealed class Scripted<T>(Action<Scripted<T>, T> receive) : Actor<T>
{
    public new IActorContext<T> Context => base.Context;

    public Action<Scripted<T>>? Starting { get; init; }

    public Action? Stopped { get; init; }

    public Action<Exception>? Restarting { get; init; }

    public Action<Scripted<T>, IActorRef>? Ended { get; init; }

    public Func<bool>? Defers { get; init; }

    protected internal override bool DefersStop => Defers?.Invoke() ?? false;

    protected internal override void Receive(T message) => receive(this, message);

    protected override void PreStart() => Starting?.Invoke(this);

    protected override void PostStop() => Stopped?.Invoke();

    protected override void PreRestart(Exception cause)
    {
        Restarting?.Invoke(cause);
        base.PreRestart(cause);
    }

    protected override void OnTerminated(IActorRef actor) => Ended?.Invoke(this, actor);

    public static Props<T> Props(Action<Scripted<T>, T> receive) => new(() => new Scripted<T>(receive));
}
