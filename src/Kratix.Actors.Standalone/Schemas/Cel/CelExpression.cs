using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Schemas.Cel;

/// <summary>A rule that cannot be read here, or that fails while it is evaluated.</summary>
internal sealed class CelException(string message) : Exception(message);

/// <summary>
/// The part of the Common Expression Language that validation rules use: literals, fields, indexes, operators, <c>in</c>, <c>?:</c>, <c>has</c>,
/// <c>size</c>, the text functions, and the macros <c>all</c>, <c>exists</c>, <c>exists_one</c>, <c>filter</c>, <c>map</c>.
/// Values are null, bool, long, double, string, <see cref="List{T}"/> of values, or <see cref="JsonObject"/>.
/// </summary>
internal sealed class CelExpression
{
    private readonly Func<CelScope, object?> _evaluate;

    private CelExpression(string text, Func<CelScope, object?> evaluate)
    {
        Text = text;
        _evaluate = evaluate;
    }

    public string Text { get; }

    /// <exception cref="CelException">Not an expression of the part understood here.</exception>
    public static CelExpression Parse(string text) => new(text, new CelParser(text).Parse());

    /// <exception cref="CelException">For instance a field that is not there.</exception>
    public object? Evaluate(JsonNode? self, JsonNode? oldSelf) =>
        _evaluate(new CelScope(new Dictionary<string, object?> { ["self"] = CelValue.Of(self), ["oldSelf"] = CelValue.Of(oldSelf) }));
}

/// <summary>The names an expression can see.</summary>
internal sealed record CelScope(IReadOnlyDictionary<string, object?> Names)
{
    public CelScope With(string name, object? value) => new(new Dictionary<string, object?>(Names) { [name] = value });
}
