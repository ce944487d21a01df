namespace Kratix.Actors.Host.Configuration;

/// <summary>A resolved value and where it was written.</summary>
internal abstract record HoconValue(HoconOrigin Origin)
{
    internal sealed record Text(string Content, HoconOrigin Origin) : HoconValue(Origin);

    internal sealed record Null(HoconOrigin Origin) : HoconValue(Origin);

    internal sealed record List(IReadOnlyList<HoconValue> Items, HoconOrigin Origin) : HoconValue(Origin);

    internal sealed record Section(IReadOnlyDictionary<string, HoconValue> Fields, HoconOrigin Origin) : HoconValue(Origin);

    /// <summary>The value as one would write it; for tables and messages.</summary>
    internal string Display => this switch
    {
        Text text => text.Content,
        Null => "null",
        List list => $"[{string.Join(", ", list.Items.Select(item => item.Display))}]",
        Section section => $"{{{string.Join(", ", section.Fields.Select(pair => $"{new HoconPath([pair.Key])}: {pair.Value.Display}"))}}}",
        _ => throw new InvalidOperationException($"unknown value {GetType().Name}"),
    };

    internal string Kind => this switch
    {
        Text => "a plain value",
        Null => "null",
        List => "a list",
        Section => "a section",
        _ => throw new InvalidOperationException($"unknown value {GetType().Name}"),
    };

    /// <summary>The value at a path, or null when there is none. A path through something that is not a section finds nothing.</summary>
    internal HoconValue? Find(HoconPath path)
    {
        HoconValue? here = this;
        foreach (var name in path.Names)
            here = here is Section section && section.Fields.TryGetValue(name, out var field) ? field : null;
        return here;
    }

    /// <summary>Every value that is not a section, with its path.</summary>
    internal IEnumerable<(HoconPath Path, HoconValue Value)> Leaves(HoconPath at) => this is Section section
        ? section.Fields.SelectMany(field => field.Value.Leaves(at.Then(field.Key)))
        : [(at, this)];
}
