namespace Kratix.Actors.Standalone.Storage;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change of one object.</summary>
/// <param name="Object">The state after the change; for <see cref="WatchEventType.Deleted"/> the last state, stamped with the deletion's version.</param>
/// <param name="Previous">The state before, null for <see cref="WatchEventType.Added"/>; selectors need it to see an object leave a selection.</param>
public sealed record WatchEvent(WatchEventType Type, StoredObject Object, StoredObject? Previous)
{
    public long Version => Object.Version;
}

/// <summary>The asked-for version is older than the kept history: list again and watch from there (HTTP 410, reason <c>Expired</c>).</summary>
public sealed class WatchExpiredException(long asked, long oldest) : Exception($"too old resource version: {asked} ({oldest})");
