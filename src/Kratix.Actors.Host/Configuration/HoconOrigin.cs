namespace Kratix.Actors.Host.Configuration;

/// <summary>Where a value was written: a file (or <c>--set</c>, or an environment variable) and, for files, the line, counted from 1.</summary>
/// <param name="Source">File path, <c>reference.conf</c> for a built-in file, <c>environment NAME</c>, or <c>--set</c>.</param>
/// <param name="Line">0 where lines have no meaning.</param>
public sealed record HoconOrigin(string Source, int Line)
{
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;

    internal ConfigurationException Error(string message) => new($"{this}: {message}");
}
