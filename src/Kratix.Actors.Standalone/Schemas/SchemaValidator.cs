using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Schemas;

/// <summary>Checks a custom object against its schema and says what is wrong in the API server's own sentences.</summary>
internal static class SchemaValidator
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(500);

    /// <param name="old">The object before an update, for rules about changes; null on creation.</param>
    public static List<FieldError> Validate(JsonObject o, StructuralSchema schema, JsonObject? old)
    {
        var errors = new List<FieldError>();
        Check(o, schema, new FieldPath(), errors);
        if (errors.Count == 0) CheckRules(o, old, schema, "", errors);
        return errors;
    }

    private static void Check(JsonNode? value, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        if (value is null)
        {
            if (!schema.Nullable && schema.Type.Length > 0) errors.Add(WrongType(path, schema.Type, "null"));
            return;
        }
        if (schema.IntOrString)
        {
            if (!value.IsString() && !IsInteger(value)) errors.Add(WrongType(path, "integer,string", TypeName(value)));
        }
        else if (schema.Type.Length > 0 && !IsOfType(value, schema.Type))
        {
            errors.Add(WrongType(path, schema.Type, TypeName(value)));
            return;
        }
        if (schema.Enum.Length > 0) CheckEnum(value, schema, path, errors);
        switch (value)
        {
            case JsonObject o: CheckObject(o, schema, path, errors); break;
            case JsonArray a: CheckArray(a, schema, path, errors); break;
            default: CheckScalar(value, schema, path, errors); break;
        }
        if (schema.IsCombined) CheckCombinations(value, schema, path, errors);
    }

    private static void CheckEnum(JsonNode value, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        if (!schema.Enum.Any(e => JsonNode.DeepEquals(e, value)))
            errors.Add(FieldError.NotSupported(path.ToString(), value, schema.Enum.Select(e => e.AsText())));
    }

    private static void CheckObject(JsonObject o, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        foreach (var name in schema.Required)
            if (!o.ContainsKey(name)) errors.Add(FieldError.Required(path.Of(name)));
        if (schema.Bounds.MinProperties is { } least && o.Count < least) errors.Add(InBody(path, o, $"should have at least {least} properties"));
        if (schema.Bounds.MaxProperties is { } most && o.Count > most) errors.Add(FieldError.TooMany(path.ToString(), o.Count, most));
        foreach (var (name, value) in o)
        {
            if ((schema.Properties.GetValueOrDefault(name) ?? schema.Additional) is not { } property) continue;
            var back = path.Enter(name);
            Check(value, property, path, errors);
            path.Leave(back);
        }
        if (schema.EmbeddedResource) CheckEmbedded(o, path, errors);
    }

    private static void CheckEmbedded(JsonObject o, FieldPath path, List<FieldError> errors)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
            if (o.Text(name).Length == 0) errors.Add(FieldError.Required(path.Of(name), "must not be empty"));
    }

    private static void CheckArray(JsonArray a, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        if (schema.Bounds.MinItems is { } least && a.Count < least)
            errors.Add(FieldError.Invalid(path.ToString(), a.Count, $"{path} in body should have at least {least} items"));
        if (schema.Bounds.MaxItems is { } most && a.Count > most) errors.Add(FieldError.TooMany(path.ToString(), a.Count, most));
        if (schema.Items is { } items)
        {
            for (var i = 0; i < a.Count; i++)
            {
                var back = path.Enter(i);
                Check(a[i], items, path, errors);
                path.Leave(back);
            }
        }
        if (schema.ListType == "map") CheckKeys(a, schema, path, errors);
        else if (schema.ListType == "set" || schema.Bounds.UniqueItems) CheckUnique(a, path, errors);
    }

    private static void CheckKeys(JsonArray a, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < a.Count; i++)
        {
            if (a[i] is not JsonObject item) continue;
            var key = new JsonObject();
            foreach (var name in schema.ListMapKeys) key[name] = item[name]?.DeepClone();
            if (!seen.Add(key.ToJsonString())) errors.Add(FieldError.Duplicate($"{path}[{i}]", key));
        }
    }

    private static void CheckUnique(JsonArray a, FieldPath path, List<FieldError> errors)
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < a.Count; i++)
            if (!seen.Add(a[i]?.ToJsonString() ?? "null")) errors.Add(FieldError.Duplicate($"{path}[{i}]", a[i]));
    }

    private static void CheckScalar(JsonNode value, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        var bounds = schema.Bounds;
        if (value.IsString())
        {
            if (bounds == ValueBounds.None && schema.Format.Length == 0) return;
            var text = value.AsText();
            var length = text.EnumerateRunes().Count();
            if (bounds.MaxLength is { } most && length > most) errors.Add(FieldError.TooLong(path.ToString(), most));
            if (bounds.MinLength is { } least && length < least) errors.Add(InBody(path, value, $"should be at least {least} chars long"));
            if (bounds.Pattern is { } pattern && !Matches(text, pattern)) errors.Add(InBody(path, value, $"should match '{pattern}'"));
            if (schema.Format.Length > 0 && !Formats.Accepts(schema.Format, text))
                errors.Add(FieldError.Invalid(path.ToString(), value, $"{path} in body must be of type {schema.Format}: {FieldError.Shown(value)}"));
        }
        else if (value.GetValueKind() == JsonValueKind.Number && bounds != ValueBounds.None)
        {
            CheckNumber(value, bounds, path, errors);
        }
    }

    private static void CheckNumber(JsonNode value, ValueBounds bounds, FieldPath path, List<FieldError> errors)
    {
        var number = double.Parse(value.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (bounds.Minimum is { } min && (bounds.ExclusiveMinimum ? number <= min : number < min))
            errors.Add(InBody(path, value, $"should be greater than {(bounds.ExclusiveMinimum ? "" : "or equal to ")}{Text(min)}"));
        if (bounds.Maximum is { } max && (bounds.ExclusiveMaximum ? number >= max : number > max))
            errors.Add(InBody(path, value, $"should be less than {(bounds.ExclusiveMaximum ? "" : "or equal to ")}{Text(max)}"));
        if (bounds.MultipleOf is { } step && Math.Abs(Math.IEEERemainder(number, step)) > 1e-9) errors.Add(InBody(path, value, $"should be a multiple of {Text(step)}"));
    }

    private static void CheckCombinations(JsonNode value, StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        foreach (var part in schema.AllOf) Check(value, part, path, errors);
        if (schema.AnyOf.Length > 0 && !schema.AnyOf.Any(s => Accepts(value, s))) Fails("must validate at least one schema (anyOf)");
        if (schema.OneOf.Length > 0 && schema.OneOf.Count(s => Accepts(value, s)) is var fitting and not 1)
            Fails($"must validate one and only one schema (oneOf). Found {(fitting == 0 ? "none" : fitting.ToString(CultureInfo.InvariantCulture))} valid");
        if (schema.Not is { } not && Accepts(value, not)) Fails("must not validate the schema (not)");

        void Fails(string detail) =>
            errors.Add(FieldError.Invalid(OrNil(path.ToString()), "", $"{FieldError.Shown(JsonValue.Create(path.ToString()))} {detail}"));
    }

    private static bool Accepts(JsonNode value, StructuralSchema schema)
    {
        var errors = new List<FieldError>();
        Check(value, schema, new FieldPath(), errors);
        return errors.Count == 0;
    }

    private static void CheckRules(JsonNode? now, JsonNode? old, StructuralSchema schema, string path, List<FieldError> errors)
    {
        if (now is null || !schema.HasRules) return;
        foreach (var rule in schema.Rules)
        {
            if (rule.IsTransition && old is null) continue;
            if (rule.Problem(now, old) is { } problem)
                errors.Add(FieldError.TypeInvalid(OrNil(path), TypeName(now), problem) with { Reason = rule.Reason });
        }
        if (now is JsonObject o)
        {
            foreach (var (name, value) in o)
                if ((schema.Properties.GetValueOrDefault(name) ?? schema.Additional) is { } property) CheckRules(value, (old as JsonObject)?[name], property, Join(path, name), errors);
        }
        else if (now is JsonArray a && schema.Items is { } items)
        {
            for (var i = 0; i < a.Count; i++) CheckRules(a[i], Counterpart(a[i], old as JsonArray, schema), items, $"{path}[{i}]", errors);
        }
    }

    /// <summary>The item an item was before; only items of keyed lists can be told apart.</summary>
    private static JsonNode? Counterpart(JsonNode? item, JsonArray? before, StructuralSchema schema) =>
        schema.ListType == "map" && item is JsonObject o
            ? before?.FirstOrDefault(b => b is JsonObject was && schema.ListMapKeys.All(k => JsonNode.DeepEquals(was[k], o[k])))
            : null;

    private static FieldError WrongType(FieldPath path, string expected, string found) =>
        FieldError.TypeInvalid(OrNil(path.ToString()), found, $"{path} in body must be of type {expected}: \"{found}\"");

    private static FieldError InBody(FieldPath path, JsonNode value, string detail) => FieldError.Invalid(path.ToString(), value, $"{path} in body {detail}");

    private static string OrNil(string path) => path.Length == 0 ? "<nil>" : path;

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (RegexMatchTimeoutException)
        {
            return false; // a text that cannot be judged within the limit is not known to match
        }
    }

    private static bool IsOfType(JsonNode value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value.IsString(),
        "boolean" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "integer" => IsInteger(value),
        "number" => value.GetValueKind() == JsonValueKind.Number,
        _ => false,
    };

    private static bool IsInteger(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.Number && double.TryParse(value.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && Math.Floor(n) == n;

    private static string TypeName(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => IsInteger(value) ? "integer" : "number",
        _ => "null",
    };
}
