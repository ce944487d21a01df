namespace Kratix.Actors.Journal;

/// <summary>How many contents were removed, and their bytes. The file keeps its size; the room is used for what comes next.</summary>
public sealed record CompactionReport(long Contents, long Bytes);
