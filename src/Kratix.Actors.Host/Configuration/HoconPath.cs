using System.Text.RegularExpressions;

namespace Kratix.Actors.Host.Configuration;

/// <summary>A dotted path. A name that holds a dot is written in quotes: <c>hosts."github.com"</c>.</summary>
internal sealed partial record HoconPath(IReadOnlyList<string> Names)
{
    internal static readonly HoconPath Root = new([]);

    internal HoconPath Then(HoconPath more) => new([.. Names, .. more.Names]);

    internal HoconPath Then(string name) => new([.. Names, name]);

    public bool Equals(HoconPath? other) => other is not null && Names.SequenceEqual(other.Names);

    public override int GetHashCode() => Names.Aggregate(17, (hash, name) => HashCode.Combine(hash, StringComparer.Ordinal.GetHashCode(name)));

    public override string ToString() => string.Join('.', Names.Select(name => Plain().IsMatch(name) ? name : $"\"{name}\""));

    [GeneratedRegex("^[A-Za-z0-9_-]+$")]
    private static partial Regex Plain();
}
