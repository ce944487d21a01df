namespace Kratix.Actors.Journal;

/// <summary>Where the embedded journal is and how it writes. <see cref="Validate"/> is called when it is opened.</summary>
public sealed record SqliteJournalOptions
{
    /// <summary>
    /// The file, e.g. <c>/var/lib/kratix-actors/journal.db</c>; SQLite keeps <c>-wal</c> and <c>-shm</c> beside it. Made when missing, with its folder.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Measures how long commits take, and tells when a content was last put.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Only look: nothing is created, upgraded or written, and a process that writes meanwhile is not disturbed.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The most writes that share one transaction. Default 1,024: beyond that a group gains nothing and its first member waits for its last.</summary>
    public int MaxGroup { get; init; } = 1024;

    /// <summary>The most bytes that share one transaction, unless one write alone is larger. Default 16 MiB.</summary>
    public long MaxGroupBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The most writes that wait; further callers wait for room. Default 65,536.</summary>
    public int MaxWaiting { get; init; } = 65_536;

    /// <summary>How long to wait for another process that holds the file's lock before a call fails. Default 5 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Path);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxGroup, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxGroupBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaiting, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BusyTimeout, TimeSpan.Zero);
    }
}
