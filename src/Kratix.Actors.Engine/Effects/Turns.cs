namespace Kratix.Actors.Engine.Effects;

/// <summary>Work of one kind for one object, one piece at a time in the order asked: what was asked first must not end last.</summary>
internal sealed class Turns
{
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;

    internal Task<T> Take<T>(Func<Task<T>> work)
    {
        lock (_gate)
        {
            var mine = After(_last, work);
            _last = mine;
            return mine;
        }
    }

    private static async Task<T> After<T>(Task before, Func<Task<T>> work)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return await work();
    }
}
