using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Standalone.Protobuf;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.Api;

/// <summary>One request to a resource path, taken apart.</summary>
internal sealed class ApiRequest(HttpContext http, UserInfo user, ResourceType type, string? ns, string name, string subresource, long bodyLimit)
{
    private readonly List<string> _warnings = [];

    public HttpContext Http => http;

    /// <summary>Who asks.</summary>
    public UserInfo User => user;

    public ResourceType Type => type;

    /// <summary>Null when the path names none (cluster-scoped, or all namespaces).</summary>
    public string? Namespace => ns;

    /// <summary>"" for the collection.</summary>
    public string Name => name;

    /// <summary><c>status</c>, <c>log</c>, … or "".</summary>
    public string Subresource => subresource;

    public CancellationToken Aborted => http.RequestAborted;

    public IReadOnlyList<string> Warnings => _warnings;

    public bool IsDryRun => Query("dryRun") switch
    {
        null or "" => false,
        "All" => true,
        var other => throw ApiException.BadRequest($"dryRun: Unsupported value: \"{other}\": supported values: \"All\""),
    };

    public bool Force => Query("force") is "true" or "1";

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>; clients that do not ask get a warning, as from a current API server.</summary>
    public string FieldValidation => Query("fieldValidation") is { Length: > 0 } asked ? asked : "Warn";

    /// <summary>Who writes: the <c>fieldManager</c> parameter, else the program's name in the user agent.</summary>
    public string FieldManager
    {
        get
        {
            if (Query("fieldManager") is { Length: > 0 } named) return named;
            var agent = http.Request.Headers.UserAgent.ToString();
            var end = agent.IndexOfAny(['/', ' ']);
            return end > 0 ? agent[..end] : agent.Length > 0 ? agent : "unknown";
        }
    }

    public string? Query(string parameter) => http.Request.Query.TryGetValue(parameter, out var values) ? values.LastOrDefault() : null;

    public bool QueryIsTrue(string parameter) => Query(parameter) is "true" or "1" or "True";

    public int? QueryNumber(string parameter)
    {
        if (Query(parameter) is not { Length: > 0 } text) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)) return n;
        throw ApiException.BadRequest($"{parameter}: Invalid value: \"{text}\": must be a number");
    }

    public void Warn(string message)
    {
        if (!_warnings.Contains(message)) _warnings.Add(message);
    }

    /// <summary>The body as JSON, whether it came as JSON or YAML; null when there is none.</summary>
    public async Task<JsonNode?> ReadBody()
    {
        using var buffer = new MemoryStream();
        await CopyBounded(buffer);
        return buffer.Length == 0 ? null : Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), http.Request.ContentType ?? "application/json");
    }

    private JsonNode? Parse(ReadOnlySpan<byte> body, string content)
    {
        try
        {
            if (content.StartsWith(ProtobufBody.MediaType, StringComparison.Ordinal)) return ProtobufBody.Read(body);
            if (content.Contains("cbor", StringComparison.Ordinal)) throw new InvalidDataException(content);
            if (body.StartsWith("\uFEFF"u8)) body = body["\uFEFF"u8.Length..];
            // Much that is sent as YAML is JSON, and quicker to read as such.
            var isJson = !content.Contains("yaml", StringComparison.Ordinal) || body.TrimStart(" \t\r\n"u8).StartsWith("{"u8);
            return isJson ? JsonNode.Parse(body) : Yaml.Parse(Encoding.UTF8.GetString(body));
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"the object provided is unrecognized (must be of type {type.Kind}): couldn't get version/kind; json parse error: {e.Message}");
        }
        catch (InvalidDataException e)
        {
            throw ApiException.UnsupportedMediaType(
                $"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, {ProtobufBody.MediaType}: {e.Message}");
        }
        catch (YamlFormatException e)
        {
            throw ApiException.BadRequest($"error decoding YAML: line {e.Line}: {e.Message}");
        }
    }

    public async Task<JsonObject> ReadObject() =>
        await ReadBody() as JsonObject ?? throw ApiException.BadRequest($"the body must be one object of kind {type.Kind}");

    private async Task CopyBounded(MemoryStream buffer)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await http.Request.Body.ReadAsync(chunk, Aborted)) > 0)
            {
                if (buffer.Length + read > bodyLimit) throw ApiException.TooLarge(bodyLimit);
                buffer.Write(chunk, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
