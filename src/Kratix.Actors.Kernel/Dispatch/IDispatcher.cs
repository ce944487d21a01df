namespace Kratix.Actors.Kernel;

/// <summary>
/// Decides where and in which order actors that have messages get their turn. An item is scheduled at most once until its
/// <see cref="IThreadPoolWorkItem.Execute"/> begins, so a plain queue is enough.
/// </summary>
public interface IDispatcher
{
    void Schedule(IThreadPoolWorkItem item);
}

/// <summary>
/// Turns on the process-wide thread pool, first come first served. The pool's per-thread queues would be faster for two actors that
/// only talk to each other, but they are last come first served and let such a pair starve everybody else.
/// </summary>
public sealed class ThreadPoolDispatcher : IDispatcher
{
    public static ThreadPoolDispatcher Shared { get; } = new();

    public void Schedule(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
}
