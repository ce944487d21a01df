using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>What Kubernetes demands of names, labels and finalizers, with its sentences.</summary>
internal static partial class Names
{
    private const string Subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
        + @"(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string Label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
        + "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string LabelValue =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedName =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    public static IEnumerable<FieldError> OfSubdomain(string field, string name)
    {
        if (name.Length > 253) yield return FieldError.Invalid(field, name, "must be no more than 253 characters");
        else if (!SubdomainPattern().IsMatch(name)) yield return FieldError.Invalid(field, name, Subdomain);
    }

    public static IEnumerable<FieldError> OfLabel(string field, string name)
    {
        if (name.Length > 63) yield return FieldError.Invalid(field, name, "must be no more than 63 characters");
        else if (!LabelPattern().IsMatch(name)) yield return FieldError.Invalid(field, name, Label);
    }

    public static IEnumerable<FieldError> OfPathSegment(string field, string name)
    {
        if (name is "." or "..") yield return FieldError.Invalid(field, name, $"may not be '{name}'");
        else if (name.Contains('/', StringComparison.Ordinal)) yield return FieldError.Invalid(field, name, "may not contain '/'");
        else if (name.Contains('%', StringComparison.Ordinal)) yield return FieldError.Invalid(field, name, "may not contain '%'");
    }

    public static IEnumerable<FieldError> OfMetadata(JsonObject metadata)
    {
        if (metadata["labels"] is JsonObject labels)
        {
            foreach (var (key, value) in labels)
            {
                foreach (var e in OfQualifiedName("metadata.labels", key)) yield return e;
                var text = value.AsText();
                if (value is not null && !value.IsString())
                    yield return FieldError.Invalid("metadata.labels", value.DeepClone(), $"label {key} must be a string: put it in quotes");
                else if (text.Length > 63) yield return FieldError.Invalid("metadata.labels", text, "must be no more than 63 characters");
                else if (!LabelValuePattern().IsMatch(text)) yield return FieldError.Invalid("metadata.labels", text, LabelValue);
            }
        }
        if (metadata["annotations"] is JsonObject annotations)
        {
            foreach (var (key, value) in annotations)
            {
                foreach (var e in OfQualifiedName("metadata.annotations", key.ToLowerInvariant())) yield return e;
                if (value is not null && !value.IsString())
                    yield return FieldError.Invalid("metadata.annotations", value.DeepClone(), $"annotation {key} must be a string: put it in quotes");
            }
        }
        if (metadata["finalizers"] is JsonArray finalizers)
        {
            foreach (var f in finalizers)
                foreach (var e in OfQualifiedName("metadata.finalizers", f.AsText())) yield return e;
        }
    }

    /// <summary>Five characters without vowels, so that no word can come out by accident.</summary>
    public static string Generate(string prefix)
    {
        const string alphabet = "bcdfghjklmnpqrstvwxz2456789";
        var most = Math.Min(prefix.Length, 58);
        return prefix[..most] + RandomNumberGenerator.GetString(alphabet, 5);
    }

    private static IEnumerable<FieldError> OfQualifiedName(string field, string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? key : key[(slash + 1)..];
        if (slash >= 0 && !SubdomainPattern().IsMatch(key[..slash])) yield return FieldError.Invalid(field, key, "prefix part " + Subdomain);
        if (name.Length == 0) yield return FieldError.Invalid(field, key, "name part must be non-empty");
        else if (name.Length > 63) yield return FieldError.Invalid(field, key, "name part must be no more than 63 characters");
        else if (!QualifiedPattern().IsMatch(name)) yield return FieldError.Invalid(field, key, QualifiedName);
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValuePattern();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex QualifiedPattern();
}
