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
    // It reads the whole journal: two at a time would only take the disk from the engine.
    private readonly SemaphoreSlim _verifying = new(1);

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/audit/verify", (string? @object, string? head, HttpContext http) => Verify(@object, head, http));
        routes.MapGet("/audit/export", (string? @object, HttpContext http) => Export(@object, http));
        routes.MapGet("/audit/{**name}", (string name, string? at, string? diff, HttpContext http) =>
            Answer(http, reports => reports.Object(name, at, diff, http.RequestAborted)));
        routes.MapGet("/replay", (string? until, HttpContext http) => Answer(http, reports => reports.Replay(
            until ?? throw new CommandException(ExitCode.Usage, "until is missing; write /replay?until=2026-11-23T00:04:10Z"), http.RequestAborted)));
    }

    /// <summary>Whether who asks may know. The name it asked for is looked at too, or a web page could ask by way of the user's browser under a name of its own.</summary>
    internal static bool Admits(AuditAccess access, IPAddress? from, HostString host) => access switch
    {
        AuditAccess.Everyone => true,
        AuditAccess.Loopback => from is not null && IPAddress.IsLoopback(from)
            && (host.Host == "localhost" || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named))),
        _ => false,
    };

    private Task Verify(string? name, string? head, HttpContext http) => Guarded(http, async () =>
    {
        if (!await _verifying.WaitAsync(TimeSpan.Zero, http.RequestAborted))
        {
            await Say(http, StatusCodes.Status429TooManyRequests, "another verification is under way; ask again when it has ended");
            return;
        }

        try
        {
            await Written(http, async reports => await reports.Verify(name, head, http.RequestAborted));
        }
        finally
        {
            _verifying.Release();
        }
    });

    /// <summary>Written as it is read; whatever is found wrong on the way cuts the connection, since the answer has begun.</summary>
    private Task Export(string? name, HttpContext http) => Guarded(http, async () =>
    {
        var entity = await AuditTarget.FindIfNamed(journal, name, http.RequestAborted);
        http.Response.ContentType = "application/x-ndjson";
        await using var lines = new StreamWriter(http.Response.Body) { NewLine = "\n" };
        await AuditExport.Write(journal, entity, lines, http.RequestAborted);
    });

    private Task Answer(HttpContext http, Func<AuditReports, Task> report) => Guarded(http, () => Written(http, report));

    private async Task Written(HttpContext http, Func<AuditReports, Task> report)
    {
        var (format, type) = FormOf(http.Request.Headers.Accept.ToString());
        using var text = new StringWriter { NewLine = "\n" };
        await report(new AuditReports(journal, new Terminal(text, text, Colours: false, Width: null), format));
        http.Response.ContentType = type;
        await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
    }

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
        catch (AuditException broken)
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

    private static (string Format, string ContentType) FormOf(string accept) =>
        accept.Contains("json", StringComparison.OrdinalIgnoreCase) ? ("json", "application/json")
        : accept.Contains("yaml", StringComparison.OrdinalIgnoreCase) ? ("yaml", "application/yaml")
        : ("table", "text/plain; charset=utf-8");
}
