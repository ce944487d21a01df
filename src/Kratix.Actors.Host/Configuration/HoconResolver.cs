namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// Turns what was parsed into values: merges what was assigned to one field, joins the parts of a value, and replaces
/// <c>${path}</c> by what that path finally is, whichever file said so. <c>${NAME}</c> falls back to the environment.
/// </summary>
internal sealed class HoconResolver
{
    private readonly HoconNode.Section _root;
    private readonly IReadOnlyDictionary<string, string> _environment;

    // For each field being resolved, which of its assigned values is at work. A reference back to the field means the ones before it.
    private readonly Dictionary<HoconPath, int> _underway = [];

    private const int DeepestReference = 64;
    private int _depth;

    private HoconResolver(HoconNode.Section root, IReadOnlyDictionary<string, string> environment)
    {
        _root = root;
        _environment = environment;
    }

    internal static HoconValue.Section Resolve(HoconNode.Section root, IReadOnlyDictionary<string, string> environment) =>
        new HoconResolver(root, environment).Section(root, HoconPath.Root);

    private HoconValue.Section Section(HoconNode.Section section, HoconPath at)
    {
        var fields = new Dictionary<string, HoconValue>(StringComparer.Ordinal);
        foreach (var name in section.Names)
        {
            var assigned = section.Assigned(name);
            if (Field(assigned, assigned.Count, at.Then(name)) is { } value)
                fields[name] = value;
        }
        return new HoconValue.Section(fields, section.Origin);
    }

    /// <summary>The value of a field when only its first <paramref name="count"/> assignments are seen; null when they come to nothing.</summary>
    private HoconValue? Field(IReadOnlyList<HoconNode> assigned, int count, HoconPath path)
    {
        HoconValue? newest = null;
        for (var i = count - 1; i >= 0; i--)
        {
            var outer = _underway.TryGetValue(path, out var before) ? before : (int?)null;
            _underway[path] = i;
            var value = Node(assigned[i], path);
            if (outer is { } index)
                _underway[path] = index;
            else
                _underway.Remove(path);

            if (value is null)
                continue;
            newest = newest is null ? value : MergeOrReplace(value, newest);
            if (newest is not HoconValue.Section || value is not HoconValue.Section)
                return newest;
        }
        return newest;
    }

    private HoconValue? Node(HoconNode node, HoconPath at) => node switch
    {
        HoconNode.Scalar { Quoted: false, Text: "null" } scalar => new HoconValue.Null(scalar.Origin),
        HoconNode.Scalar scalar => new HoconValue.Text(scalar.Text, scalar.Origin),
        HoconNode.Gap gap => new HoconValue.Text(gap.Text, gap.Origin),
        HoconNode.List list => new HoconValue.List([.. list.Items.Select(item => Node(item, at)).OfType<HoconValue>()], list.Origin),
        HoconNode.Section section => Section(section, at),
        HoconNode.Substitution substitution => Substitution(substitution),
        HoconNode.Concatenation concatenation => Concatenation(concatenation, at),
        _ => throw new InvalidOperationException($"unknown node {node.GetType().Name}"),
    };

    private HoconValue? Substitution(HoconNode.Substitution wanted)
    {
        if (++_depth > DeepestReference)
            throw wanted.Origin.Error($"${{{wanted.Path}}} goes round in a circle");
        var value = Lookup(wanted.IncludedUnder.Then(wanted.Path), wanted);
        if (value is null && wanted.IncludedUnder.Names.Count > 0)
            value = Lookup(wanted.Path, wanted);
        if (value is null && wanted.Path.Names is [var name] && _environment.TryGetValue(name, out var text))
            value = new HoconValue.Text(text, wanted.Origin);
        _depth--;
        if (value is null && !wanted.Optional)
            throw wanted.Origin.Error($"${{{wanted.Path}}} is neither a key nor an environment variable; write ${{?{wanted.Path}}} if it may be absent");
        return value is null ? null : value with { Origin = wanted.Origin };
    }

    private HoconValue? Lookup(HoconPath path, HoconNode.Substitution wanted)
    {
        IReadOnlyList<HoconNode> assigned = [_root];
        var count = 1;
        var here = HoconPath.Root;
        HoconValue? resolved = null;
        foreach (var name in path.Names)
        {
            here = here.Then(name);
            // While sections are literal they are walked unresolved: resolving a whole section would follow references it does not need.
            if (resolved is null && count == 1 && assigned is [HoconNode.Section section])
            {
                assigned = section.Assigned(name);
                count = _underway.TryGetValue(here, out var index) && here.Equals(path) ? index : assigned.Count;
                if (assigned.Count == 0)
                    return null;
                continue;
            }
            resolved ??= Field(assigned, count, new HoconPath([.. here.Names.Take(here.Names.Count - 1)]));
            resolved = resolved?.Find(new HoconPath([name]));
            if (resolved is null)
                return null;
        }
        if (resolved is not null)
            return resolved;
        if (_underway.ContainsKey(path) && count == 0 && !wanted.Optional)
            throw wanted.Origin.Error($"${{{wanted.Path}}} refers to itself and there is no earlier value");
        return Field(assigned, count, path);
    }

    private HoconValue? Concatenation(HoconNode.Concatenation concatenation, HoconPath at)
    {
        var parts = concatenation.Parts
            .Select(part => (IsGap: part is HoconNode.Gap, Value: Node(part, at)))
            .Where(part => part.Value is not null)
            .Select(part => (part.IsGap, Value: part.Value!))
            .ToList();
        var solid = parts.Where(part => !part.IsGap).Select(part => part.Value).ToList();
        var origin = concatenation.Origin;
        if (solid.Count == 0)
            return null;
        if (solid.All(value => value is HoconValue.Section))
            return solid.Aggregate(MergeOrReplace);
        if (solid.All(value => value is HoconValue.List))
            return new HoconValue.List([.. solid.Cast<HoconValue.List>().SelectMany(list => list.Items)], origin);
        if (solid.FirstOrDefault(value => value is HoconValue.List or HoconValue.Section) is { } odd)
            throw origin.Error($"{at} joins {odd.Kind} with {solid.First(value => value.GetType() != odd.GetType()).Kind}; only values of one kind can be joined");
        return new HoconValue.Text(string.Concat(parts.Select(part => part.Value is HoconValue.Null ? "null" : ((HoconValue.Text)part.Value).Content)).Trim(), origin);
    }

    private static HoconValue MergeOrReplace(HoconValue older, HoconValue newer)
    {
        if (older is not HoconValue.Section a || newer is not HoconValue.Section b)
            return newer;
        var fields = new Dictionary<string, HoconValue>(a.Fields, StringComparer.Ordinal);
        foreach (var (name, value) in b.Fields)
            fields[name] = fields.TryGetValue(name, out var present) ? MergeOrReplace(present, value) : value;
        return new HoconValue.Section(fields, b.Origin);
    }
}
