using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Standalone.Schemas.Cel;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>
/// One entry of <c>x-kubernetes-validations</c>. A rule that is beyond the part of the language understood here is not enforced, and whoever
/// writes the definition is warned so.
/// </summary>
internal sealed partial class ValidationRule
{
    private readonly CelExpression? _rule;
    private readonly CelExpression? _message;
    private readonly string _text;
    private readonly string _fixedMessage;

    private ValidationRule(JsonObject o)
    {
        _text = o.Text("rule");
        _fixedMessage = o.TextOrNull("message") ?? $"failed rule: {_text.Trim()}";
        IsTransition = MentionsOldSelf().IsMatch(_text);
        Reason = o.TextOrNull("reason") ?? "FieldValueInvalid";
        try
        {
            _rule = CelExpression.Parse(_text);
            _message = o.TextOrNull("messageExpression") is { } expression ? CelExpression.Parse(expression) : null;
        }
        catch (CelException e)
        {
            WhyNotEnforced = e.Message;
        }
    }

    /// <summary>Null when the rule is enforced.</summary>
    public string? WhyNotEnforced { get; }

    public string Text => _text;

    /// <summary>About a change: asked on updates only.</summary>
    public bool IsTransition { get; }

    public string Reason { get; }

    public static ValidationRule Of(JsonObject o) => new(o);

    /// <summary>Null when the rule holds, else what to tell the user.</summary>
    public string? Problem(JsonNode? now, JsonNode? old)
    {
        if (_rule is null) return null;
        try
        {
            return CelValue.Truth(_rule.Evaluate(now, old)) ? null : Message(now, old);
        }
        catch (CelException e)
        {
            return $"rule evaluation error: {e.Message}: {_text.Trim()}";
        }
    }

    private string Message(JsonNode? now, JsonNode? old)
    {
        try
        {
            return _message?.Evaluate(now, old) is string { Length: > 0 } made ? made : _fixedMessage;
        }
        catch (CelException)
        {
            return _fixedMessage; // as the API server does when the message itself cannot be made
        }
    }

    [GeneratedRegex(@"\boldSelf\b")]
    private static partial Regex MentionsOldSelf();
}
