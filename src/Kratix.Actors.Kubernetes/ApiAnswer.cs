using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;

namespace Kratix.Actors.Kubernetes;

/// <summary>What an answer of the API server, or the lack of one, means.</summary>
internal static class ApiAnswer
{
    /// <summary>A repeated key would otherwise surface later, as an exception of whoever reads the object first.</summary>
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Why there was no (whole) answer, in one sentence for a person.</summary>
    public static string Broken(string what, Exception e) => e switch
    {
        HttpRequestException { InnerException: { } inner } http => $"{what}: {http.Message.TrimEnd('.')}: {inner.Message}",
        _ => $"{what}: {e.Message}",
    };

    /// <summary>A failed answer as an outcome. The body, normally a <c>Status</c>, is <paramref name="body"/>.</summary>
    public static Outcome<T> Failed<T>(string what, HttpResponseMessage answer, string body, DateTimeOffset now)
    {
        var status = Status(body);
        var reason = Message(what, answer, body, status);
        var code = (int)answer.StatusCode;
        if (code is 408 or 410 or 429 || code >= 500)
            return new Outcome<T>.Transient(reason, RetryAfter(answer, status, now));
        return new Outcome<T>.Terminal(Code(answer.StatusCode, (status?["reason"] as JsonValue)?.ToString()), reason);
    }

    /// <summary>How long the server asks to be left alone, from the header (seconds or a date) or from the <c>Status</c>.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage? answer, JsonObject? status, DateTimeOffset now)
    {
        if (answer?.Headers.RetryAfter is { } header)
        {
            if (header.Delta is { } delta)
                return delta;
            if (header.Date is { } date)
                return date > now ? date - now : TimeSpan.Zero;
        }

        return status?["details"]?["retryAfterSeconds"] is JsonValue seconds && seconds.TryGetValue(out int value) && value > 0 ? TimeSpan.FromSeconds(value) : null;
    }

    public static JsonObject? Status(string body)
    {
        try
        {
            return JsonNode.Parse(body, null, Strict) is JsonObject o && (o["kind"] as JsonValue)?.ToString() == "Status" ? o : null;
        }
        catch (JsonException)
        {
            // Something between us and the server answered in its own words; they are quoted by the caller.
            return null;
        }
    }

    private static string Message(string what, HttpResponseMessage answer, string body, JsonObject? status)
    {
        if (status?["message"] is JsonValue text && text.ToString() is { Length: > 0 } message)
            return message;
        var words = body.ReplaceLineEndings(" ").Trim();
        var quoted = words.Length == 0 ? "" : $": {(words.Length > 200 ? words[..200] : words)}";
        return string.Create(CultureInfo.InvariantCulture, $"{what}: the server answered {(int)answer.StatusCode} {answer.ReasonPhrase}{quoted}");
    }

    private static Refusal Code(HttpStatusCode code, string? reason) => code switch
    {
        HttpStatusCode.Unauthorized => Refusal.Unauthorized,
        HttpStatusCode.Forbidden => Refusal.Forbidden,
        HttpStatusCode.NotFound => Refusal.NotFound,
        HttpStatusCode.Conflict => reason == "AlreadyExists" ? Refusal.AlreadyExists : Refusal.Conflict,
        HttpStatusCode.RequestEntityTooLarge => Refusal.TooLarge,
        _ => Refusal.Invalid,
    };
}
