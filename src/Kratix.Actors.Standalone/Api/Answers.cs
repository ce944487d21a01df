using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.Api;

/// <summary>How answers leave: always JSON, warnings in headers, failures as a <c>Status</c>.</summary>
internal static class Answers
{
    public static Task Send(HttpContext http, int code, JsonNode body, string contentType = "application/json") => Send(http, code, body.ToUtf8(), contentType);

    public static async Task Send(HttpContext http, int code, ReadOnlyMemory<byte> body, string contentType = "application/json")
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    public static Task Text(HttpContext http, string text)
    {
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }

    public static Task Fail(HttpContext http, ApiException failure)
    {
        if (failure.Code == 401) http.Response.Headers.WWWAuthenticate = "Bearer realm=\"kratix-actors\"";
        return Send(http, failure.Code, failure.ToStatus());
    }

    public static void Warn(HttpContext http, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            var quoted = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            // Headers carry visible ASCII only.
            http.Response.Headers.Append("Warning", $"299 - \"{string.Concat(quoted.Select(c => c is >= ' ' and <= '~' ? c : '?'))}\"");
        }
    }

    public static JsonObject Success(Resources.ResourceType type, string name, string uid)
    {
        var details = new JsonObject { ["name"] = name };
        if (type.Group.Length > 0) details["group"] = type.Group;
        details["kind"] = type.Plural;
        details["uid"] = uid;
        return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details };
    }
}
