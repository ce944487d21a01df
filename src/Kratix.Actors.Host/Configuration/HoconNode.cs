namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// What the parser saw, before substitutions are resolved. A field keeps every value that was ever assigned to it, oldest first:
/// <c>a = ${a} [x]</c> needs the older one, and two objects merge instead of replacing each other.
/// </summary>
internal abstract record HoconNode(HoconOrigin Origin)
{
    /// <param name="Quoted">Quoted text is never read as null.</param>
    internal sealed record Scalar(string Text, bool Quoted, HoconOrigin Origin) : HoconNode(Origin);

    /// <summary>White space between two parts of a value; it matters when they are strings and vanishes when they are not.</summary>
    internal sealed record Gap(string Text, HoconOrigin Origin) : HoconNode(Origin);

    internal sealed record List(IReadOnlyList<HoconNode> Items, HoconOrigin Origin) : HoconNode(Origin);

    /// <param name="Path">Path as written.</param>
    /// <param name="IncludedUnder">The path of the object that included the file this stands in; tried first, as an included file does not know where it lands.</param>
    internal sealed record Substitution(HoconPath Path, HoconPath IncludedUnder, bool Optional, HoconOrigin Origin) : HoconNode(Origin);

    internal sealed record Concatenation(IReadOnlyList<HoconNode> Parts, HoconOrigin Origin) : HoconNode(Origin);

    internal sealed record Section(HoconOrigin Origin) : HoconNode(Origin)
    {
        private readonly Dictionary<string, List<HoconNode>> _fields = new(StringComparer.Ordinal);
        private readonly List<string> _order = [];

        internal IReadOnlyList<string> Names => _order;

        internal IReadOnlyList<HoconNode> Assigned(string name) => _fields.TryGetValue(name, out var values) ? values : [];

        internal void Assign(string name, HoconNode value)
        {
            if (!_fields.TryGetValue(name, out var values))
            {
                _fields[name] = values = [];
                _order.Add(name);
            }
            if (value is Section added && values is [.., Section present])
                present.Merge(added);
            else
                values.Add(value);
        }

        internal void Assign(HoconPath path, HoconNode value)
        {
            var section = this;
            foreach (var name in path.Names.Take(path.Names.Count - 1))
            {
                if (section.Assigned(name) is not [.., Section])
                    section.Assign(name, new Section(value.Origin));
                section = (Section)section.Assigned(name)[^1];
            }
            section.Assign(path.Names[^1], value);
        }

        internal void Merge(Section other)
        {
            foreach (var name in other.Names)
                foreach (var value in other.Assigned(name))
                    Assign(name, value);
        }
    }
}
