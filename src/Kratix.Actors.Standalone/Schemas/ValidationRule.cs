using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>
/// One entry of <c>x-kubernetes-validations</c>. Understood are the immutability rules, <c>self == oldSelf</c> and
/// <c>self.field == oldSelf.field</c>; a definition with any other rule is accepted with a warning that the rule is not enforced here.
/// </summary>
internal sealed partial record ValidationRule(string Rule, string Message, string? Field)
{
    public bool IsEnforced => Field is not null;

    public static ValidationRule Of(JsonObject o)
    {
        var rule = o.Text("rule");
        var match = Immutability().Match(rule);
        var message = o.TextOrNull("message") ?? $"failed rule: {rule}";
        return new ValidationRule(rule, message, match.Success && match.Groups["a"].Value == match.Groups["b"].Value ? match.Groups["a"].Value.TrimStart('.') : null);
    }

    /// <summary>Whether a change from <paramref name="old"/> to <paramref name="now"/> keeps the rule.</summary>
    public bool Holds(JsonNode? now, JsonNode? old) =>
        Field is not { } field || (field.Length == 0 ? JsonNode.DeepEquals(now, old) : JsonNode.DeepEquals(now.At(field.Split('.')), old.At(field.Split('.'))));

    [GeneratedRegex(@"^\s*self(?<a>(?:\.\w+)*)\s*==\s*oldSelf(?<b>(?:\.\w+)*)\s*$")]
    private static partial Regex Immutability();
}
