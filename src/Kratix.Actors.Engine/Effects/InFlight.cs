namespace Kratix.Actors.Engine.Effects;

/// <summary>
/// Which obligations have been taken up. After each event, and after recovery, what is outstanding and not in flight is issued, and what is
/// in flight and no longer outstanding is let go. That is all the engine knows of doing things: there is no other way in.
/// </summary>
internal sealed class InFlight<TEffect>(Action<TEffect> issue, Action<TEffect> letGo) where TEffect : notnull
{
    private readonly HashSet<TEffect> _taken = [];

    internal bool Any(Func<TEffect, bool> which) => _taken.Any(which);

    internal void Reconcile(IReadOnlyCollection<TEffect> outstanding)
    {
        foreach (var effect in _taken.Where(t => !outstanding.Contains(t)).ToList())
        {
            _taken.Remove(effect);
            letGo(effect);
        }

        foreach (var effect in outstanding)
        {
            if (_taken.Add(effect))
                issue(effect);
        }
    }

    /// <summary>The effect was not brought about; the next reconciliation issues it again.</summary>
    internal void Failed(TEffect effect) => _taken.Remove(effect);
}
