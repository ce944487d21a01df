using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Kubernetes;

/// <summary>One line of a watch stream.</summary>
internal abstract record WatchEvent
{
    private WatchEvent() { }

    public sealed record Changed(JsonObject Item, string Version) : WatchEvent;

    public sealed record Removed(JsonObject Item, string Version) : WatchEvent;

    /// <summary>Nothing happened up to this version.</summary>
    public sealed record Bookmark(string Version) : WatchEvent;

    /// <summary>A <c>Status</c> in the stream.</summary>
    public sealed record Error(int Code, string Message, TimeSpan? After) : WatchEvent;

    public sealed record Unreadable(string Why) : WatchEvent;

    public static WatchEvent Read(ReadOnlySpan<byte> line, DateTimeOffset now)
    {
        JsonObject? whole;
        try
        {
            whole = JsonNode.Parse(line, null, ApiAnswer.Strict) as JsonObject;
        }
        catch (JsonException)
        {
            return new Unreadable($"this line of the stream is not JSON: {Quoted(line)}");
        }

        if (whole is null || whole["object"] is not JsonObject item || whole["type"] is not JsonValue kind)
            return new Unreadable($"this line of the stream is not a watch event: {Quoted(line)}");
        var type = kind.ToString();
        if (type == "ERROR")
            return Failure(item, now);
        if (item["metadata"] is not JsonObject metadata || metadata["resourceVersion"] is not JsonValue value || value.ToString() is not { Length: > 0 } version)
            return new Unreadable($"this event has no metadata.resourceVersion: {Quoted(line)}");
        whole.Remove("object");
        return type switch
        {
            "ADDED" or "MODIFIED" => new Changed(item, version),
            "DELETED" => new Removed(item, version),
            "BOOKMARK" => new Bookmark(version),
            _ => new Unreadable($"\"{type}\" is no type of watch event"),
        };
    }

    private static Error Failure(JsonObject status, DateTimeOffset now)
    {
        var code = status["code"] is JsonValue c && c.TryGetValue(out int number) ? number : 0;
        // Some servers leave out the number and say it in the reason only.
        if ((status["reason"] as JsonValue)?.ToString() is "Expired" or "Gone")
            code = 410;
        return new Error(code, (status["message"] as JsonValue)?.ToString() ?? "the server reported an error without a message", ApiAnswer.RetryAfter(null, status, now));
    }

    private static string Quoted(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line.Length > 200 ? line[..200] : line);
}
