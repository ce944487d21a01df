using System.Net;
using Kratix.Actors.Host.Audit;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Ports.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Kratix.Actors.Host.Composition;

/// <summary>
/// <c>audit</c> and <c>replay</c> over HTTP: the same answers as on the command line, as text, or as JSON or YAML where the client accepts that. They tell
/// what every team asked for, so only this machine is answered unless a setting says otherwise.
/// </summary>
internal sealed class AuditEndpoints(IJournal journal, AuditAccess access)
{
    // Verification and replay read the whole journal: two at a time would only take the disk from the engine.
    private readonly SemaphoreSlim _readingAll = new(1);

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/audit/verify", (string? @object, string? head, HttpContext http) => Verify(@object, head, http));
        routes.MapGet("/audit/export", (string? @object, HttpContext http) => Export(@object, http));
        routes.MapGet("/audit/{**name}", (string? name, string? at, string? diff, HttpContext http) =>
            Guarded(http, () => Written(http, reports => reports.Object(name ?? "", at, diff, http.RequestAborted))));
        routes.MapGet("/replay", (string? until, HttpContext http) => Replay(until, http));
    }

    /// <summary>Whether who asks may know. The name it asked for is looked at too, or a web page could ask by way of the user's browser under a name of its own.</summary>
    internal static bool Admits(AuditAccess access, IPAddress? from, HostString host) => access switch
    {
        AuditAccess.Everyone => true,
        AuditAccess.Loopback => from is not null && IPAddress.IsLoopback(from)
            && (host.Host == "localhost" || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named))),
        _ => false,
    };

    private Task Verify(string? name, string? head, HttpContext http) =>
        Guarded(http, () => Alone(http, () => Written(http, reports => reports.Verify(name, head, http.RequestAborted))));

    private Task Replay(string? until, HttpContext http) => Guarded(http, () => Alone(http, async () =>
    {
        var point = AuditReports.Until(until ?? throw new CommandException(ExitCode.Usage, "until is missing; write /replay?until=2026-11-23T00:04:10Z"));
        if (FormOf(http) is not (var format and not "table", var type))
        {
            await Written(http, reports => reports.Replay(point, http.RequestAborted));
            return;
        }

        // The states of all objects, so it is written as it is read, like an export.
        await Streamed(http, type, text => Reports(text, format).Replay(point, http.RequestAborted));
    }));

    private async Task Alone(HttpContext http, Func<Task> answer)
    {
        if (!await _readingAll.WaitAsync(TimeSpan.Zero, http.RequestAborted))
        {
            await Say(http, StatusCodes.Status429TooManyRequests, "another verification or replay is under way; ask again when it has ended");
            return;
        }

        try
        {
            await answer();
        }
        finally
        {
            _readingAll.Release();
        }
    }

    private Task Export(string? name, HttpContext http) => Guarded(http, async () =>
    {
        var entity = await AuditTarget.FindIfNamed(journal, name, http.RequestAborted);
        await Streamed(http, "application/x-ndjson", lines => AuditExport.Write(journal, entity, lines, http.RequestAborted));
    });

    /// <summary>Written as it is read; whatever is found wrong on the way cuts the connection, since the answer has begun.</summary>
    private static async Task Streamed(HttpContext http, string type, Func<TextWriter, Task> write)
    {
        http.Response.ContentType = type;
        // Flushed and not disposed: where reading fails before anything was sent, the reason can still be told.
        var text = new StreamWriter(http.Response.Body) { NewLine = "\n" };
        await write(text);
        await text.FlushAsync(http.RequestAborted);
    }

    private async Task Written(HttpContext http, Func<AuditReports, Task> report)
    {
        var (format, type) = FormOf(http);
        using var text = new StringWriter { NewLine = "\n" };
        await report(Reports(text, format));
        http.Response.ContentType = type;
        await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
    }

    private AuditReports Reports(TextWriter text, string format) => new(journal, new Terminal(text, text, Colours: false, Width: null), format);

    private async Task Guarded(HttpContext http, Func<Task> answer)
    {
        if (!Admits(access, http.Connection.RemoteIpAddress, http.Request.Host))
        {
            await Say(http, StatusCodes.Status403Forbidden, access == AuditAccess.Off
                ? "the audit is not told over HTTP (kratix.http.audit = off)"
                : "the audit is told to this machine only, under the name localhost; kratix.http.audit = everyone changes that");
            return;
        }

        try
        {
            await answer();
        }
        catch (CommandException refused)
        {
            await Say(http, refused.ExitCode == ExitCode.NotFound ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest, refused.Message);
        }
        catch (AuditException broken) when (!http.Response.HasStarted)
        {
            await Say(http, StatusCodes.Status409Conflict, $"{broken.Message}; /audit/verify tells more");
        }
        catch (JournalException broken) when (!http.Response.HasStarted)
        {
            await Say(http, StatusCodes.Status503ServiceUnavailable, broken.Message);
        }
    }

    private static Task Say(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(message + "\n", http.RequestAborted);
    }

    private static (string Format, string ContentType) FormOf(HttpContext http) => http.Request.Headers.Accept.ToString() switch
    {
        var accept when accept.Contains("json", StringComparison.OrdinalIgnoreCase) => ("json", "application/json"),
        var accept when accept.Contains("yaml", StringComparison.OrdinalIgnoreCase) => ("yaml", "application/yaml"),
        _ => ("table", "text/plain; charset=utf-8"),
    };
}
