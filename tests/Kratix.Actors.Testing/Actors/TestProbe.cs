using System.Threading.Channels;
using Kratix.Actors.Kernel;

namespace Kratix.Actors.Testing;

/// <summary>A reference that remembers what it was told.</summary>
/// <param name="name">For messages about failed expectations.</param>
/// <param name="run">Lets the actors do their work before something is expected; nothing for actors on real threads.</param>
public sealed class TestProbe<T>(string name, Action? run = null) : IActorRef<T>
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);

    private readonly Channel<T> _told = Channel.CreateUnbounded<T>();

    public string Path => $"/probe/{name}";

    public void Tell(T message) => _told.Writer.TryWrite(message);

    /// <summary>The next message; there must be one once the actors have done what they can.</summary>
    public T Expect()
    {
        run?.Invoke();
        return _told.Reader.TryRead(out var message)
            ? message
            : throw new InvalidOperationException($"{Path} expected a {typeof(T).Name} and was told nothing");
    }

    /// <summary>The next message, which must be of this kind.</summary>
    public TKind Expect<TKind>()
        where TKind : T => Expect() is TKind message ? message : throw new InvalidOperationException($"{Path} expected a {typeof(TKind).Name}");

    /// <summary>There must be no message once the actors have done what they can.</summary>
    public void ExpectNone()
    {
        run?.Invoke();
        if (_told.Reader.TryRead(out var message))
            throw new InvalidOperationException($"{Path} expected nothing and was told {message}");
    }

    /// <summary>All messages so far.</summary>
    public IReadOnlyList<T> Drain()
    {
        run?.Invoke();
        var all = new List<T>();
        while (_told.Reader.TryRead(out var message))
            all.Add(message);
        return all;
    }

    /// <summary>The next message, for actors on real threads: waits until it comes.</summary>
    public Task<T> Next() => _told.Reader.ReadAsync().AsTask().WaitAsync(Guard);
}
