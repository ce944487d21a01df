using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Api;

/// <summary>One thing wrong with one field, in the words of Kubernetes' own field errors.</summary>
/// <param name="Field">Path such as <c>spec.items[0].size</c>.</param>
/// <param name="Reason">The cause's reason, e.g. <c>FieldValueRequired</c>.</param>
/// <param name="Message">Without the path, e.g. <c>Required value</c>.</param>
public sealed record FieldError(string Field, string Reason, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new(field, "FieldValueRequired", detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    public static FieldError Invalid(string field, JsonNode? value, string detail) => new(field, "FieldValueInvalid", $"Invalid value: {Shown(value)}: {detail}");

    public static FieldError TypeInvalid(string field, string typeName, string detail) =>
        new(field, "FieldValueTypeInvalid", $"Invalid value: {Quoted(typeName)}: {detail}");

    public static FieldError NotSupported(string field, JsonNode? value, IEnumerable<string> supported) =>
        new(field, "FieldValueNotSupported", $"Unsupported value: {Shown(value)}: supported values: {string.Join(", ", supported.Select(Quoted))}");

    public static FieldError TooLong(string field, int most) => new(field, "FieldValueTooLong", $"Too long: may not be more than {most} bytes");

    public static FieldError TooMany(string field, int actual, int most) => new(field, "FieldValueTooMany", $"Too many: {actual}: must have at most {most} items");

    public static FieldError Duplicate(string field, JsonNode? value) => new(field, "FieldValueDuplicate", $"Duplicate value: {Shown(value)}");

    public static FieldError Forbidden(string field, string detail) => new(field, "FieldValueForbidden", $"Forbidden: {detail}");

    public override string ToString() => $"{Field}: {Message}";

    /// <summary>A string in quotes, a number bare, a structure as JSON.</summary>
    public static string Shown(JsonNode? value) => value is null ? "null" : value.ToJsonString(JsonExtensions.SerializerOptions);

    private static string Quoted(string text) => Shown(JsonValue.Create(text));
}

/// <summary>A refusal that becomes a Kubernetes <c>Status</c> with the code, reason and wording kubectl users know.</summary>
public sealed class ApiException(int code, string reason, string message, JsonObject? details = null, IReadOnlyList<FieldError>? causes = null) : Exception(message)
{
    public int Code => code;

    public string Reason => reason;

    public IReadOnlyList<FieldError> Causes => causes ?? [];

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = reason,
        };
        if (details is not null) status["details"] = details.DeepClone();
        status["code"] = code;
        return status;
    }

    public static ApiException NotFound(ResourceType type, string name) =>
        new(404, "NotFound", $"{type.GroupResource} \"{name}\" not found", Details(type, name));

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static ApiException AlreadyExists(ResourceType type, string name) =>
        new(409, "AlreadyExists", $"{type.GroupResource} \"{name}\" already exists", Details(type, name));

    public static ApiException Conflict(ResourceType type, string name, string why = ModifiedMeanwhile) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {type.GroupResource} \"{name}\": {why}", Details(type, name));

    public const string ModifiedMeanwhile = "the object has been modified; please apply your changes to the latest version and try again";

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Forbidden(ResourceType type, string name, string why) =>
        new(403, "Forbidden", $"{type.GroupResource} \"{name}\" is forbidden: {why}", Details(type, name));

    /// <summary>What a user without the right to something reads.</summary>
    internal static ApiException Denied(AccessRequest request, AccessDecision decision)
    {
        var why = decision.Why.Length > 0 ? $"{request.Refusal}: {decision.Why}" : request.Refusal;
        if (request.Path is not null) return new ApiException(403, "Forbidden", $"forbidden: {why}", []);
        var details = new JsonObject();
        if (request.Name.Length > 0) details["name"] = request.Name;
        if (request.Group.Length > 0) details["group"] = request.Group;
        details["kind"] = request.Resource;
        var name = request.Name.Length > 0 ? $" \"{request.Name}\"" : "";
        return new ApiException(403, "Forbidden", $"{new GroupResource(request.Group, request.Resource)}{name} is forbidden: {why}", details);
    }

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new JsonObject());

    public static ApiException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException TooLarge(long limit) =>
        new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit} bytes");

    public static ApiException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}");

    public static ApiException Invalid(ResourceType type, string name, IReadOnlyList<FieldError> errors)
    {
        var listed = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors.Select(e => e.ToString()))}]";
        var details = new JsonObject { ["name"] = name };
        if (type.Group.Length > 0) details["group"] = type.Group;
        details["kind"] = type.Kind;
        details["causes"] = new JsonArray([.. errors.Select(e => (JsonNode)new JsonObject { ["reason"] = e.Reason, ["message"] = e.Message, ["field"] = e.Field })]);
        var kind = type.Group.Length == 0 ? type.Kind : $"{type.Kind}.{type.Group}";
        return new ApiException(422, "Invalid", $"{kind} \"{name}\" is invalid: {listed}", details, errors);
    }

    private static JsonObject Details(ResourceType type, string name)
    {
        var details = new JsonObject { ["name"] = name };
        if (type.Group.Length > 0) details["group"] = type.Group;
        details["kind"] = type.Plural;
        return details;
    }
}
