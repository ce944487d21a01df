using System.Globalization;
using System.Text;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>Where a walk through an object is, as <c>spec.items[0].name</c>. It becomes a text only for an error: nearly all walks find none.</summary>
internal sealed class FieldPath
{
    private readonly StringBuilder _text = new();

    /// <summary>Steps down; what it returns leads back with <see cref="Leave"/>.</summary>
    public int Enter(string name)
    {
        var back = _text.Length;
        if (back > 0) _text.Append('.');
        _text.Append(name);
        return back;
    }

    public int Enter(int item)
    {
        var back = _text.Length;
        _text.Append(CultureInfo.InvariantCulture, $"[{item}]");
        return back;
    }

    public void Leave(int back) => _text.Length = back;

    /// <summary>The path of a field of the object that the walk is at.</summary>
    public string Of(string name) => _text.Length == 0 ? name : $"{_text}.{name}";

    public override string ToString() => _text.ToString();
}
