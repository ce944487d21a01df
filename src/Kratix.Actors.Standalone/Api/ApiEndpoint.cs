using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Lifecycle;
using Kratix.Actors.Standalone.OpenApi;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kratix.Actors.Standalone.Api;

/// <summary>Every request: who asks, what for, and the answer, which is a <c>Status</c> when anything is wrong.</summary>
internal sealed class ApiEndpoint(
    StandaloneOptions options, ResourceCatalog catalog, AdminToken admin, ReadHandler reads, WriteHandler writes, WatchHandler watches, PodLogHandler logs, OpenApiDocuments openApi)
{
    public async Task Handle(HttpContext http)
    {
        try
        {
            await Route(http);
        }
        catch (ApiException e)
        {
            await Answers.Fail(http, e);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to answer.
        }
        catch (Exception e)
        {
            ServerLog.RequestFailed(options.Log, http.Request.Method, http.Request.Path, e);
            // Half an answer must not look like a whole one.
            if (http.Response.HasStarted) http.Abort();
            else await Answers.Fail(http, ApiException.Internal(e.Message));
        }
    }

    private async Task Route(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        var path = http.Request.Path.Value ?? "/";
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["healthz" or "readyz" or "livez", ..])
        {
            await Answers.Text(http, "ok");
            return;
        }
        Authenticate(http);
        if (parts is ["version"]) await Answers.Send(http, 200, ServerVersion.Document());
        else if (parts is ["openapi", ..]) await openApi.Answer(http, parts);
        else if (HttpMethods.IsGet(http.Request.Method) && await Discovery.TryAnswer(http, parts, catalog)) return;
        else await Resource(http, path);
    }

    private void Authenticate(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || !admin.Is(header["Bearer ".Length..].Trim())) throw ApiException.Unauthorized();
        // Answering as the administrator what was asked in another's name would be a wrong answer.
        if (http.Request.Headers.TryGetValue("Impersonate-User", out var user))
            throw new ApiException(403, "Forbidden", $"users \"{user}\" is forbidden: this server knows one user, its administrator, and does not impersonate");
    }

    private async Task Resource(HttpContext http, string path)
    {
        var address = ResourcePath.Parse(path) ?? throw ApiException.NoSuchPath();
        var type = catalog.Find(address.Group, address.Version, address.Plural) ?? throw ApiException.NoSuchPath();
        if (!type.Namespaced && address.Namespace is not null) throw ApiException.NoSuchPath();
        if (type.Namespaced && address.Namespace is null && address.Name.Length > 0) throw ApiException.NoSuchPath();
        var request = new ApiRequest(http, type, address.Namespace, address.Name, address.Subresource, options.MaxBodyBytes);
        if (type.Group is "authorization.k8s.io" or "authentication.k8s.io") await Reviews.Answer(request);
        else if (address.Subresource.Length > 0) await Subresource(request);
        else if (address.Name.Length > 0) await One(request);
        else await Collection(request);
    }

    private Task Collection(ApiRequest request) => request.Http.Request.Method switch
    {
        "GET" when request.QueryIsTrue("watch") => watches.Watch(request),
        "GET" => reads.List(request),
        "POST" => writes.Create(request),
        "DELETE" => writes.DeleteCollection(request),
        _ => throw ApiException.MethodNotAllowed(),
    };

    private Task One(ApiRequest request) => request.Http.Request.Method switch
    {
        "GET" when request.QueryIsTrue("watch") => watches.Watch(request),
        "GET" => reads.Get(request),
        "PUT" => writes.Update(request),
        "PATCH" => writes.Patch(request),
        "DELETE" => writes.Delete(request),
        _ => throw ApiException.MethodNotAllowed(),
    };

    private Task Subresource(ApiRequest request) => (request.Subresource, request.Http.Request.Method) switch
    {
        ("status", "GET") when request.Type.HasStatus => reads.Get(request),
        ("status", "PUT") when request.Type.HasStatus => writes.Update(request),
        ("status", "PATCH") when request.Type.HasStatus => writes.Patch(request),
        ("finalize", "PUT") when request.Type == BuiltIn.Namespaces => writes.Update(request),
        ("log", "GET") when request.Type == BuiltIn.Pods => logs.Read(request),
        _ => throw ApiException.NoSuchPath(),
    };
}

/// <summary>The questions kubectl asks about itself. There is one user, and it may do everything.</summary>
internal static class Reviews
{
    public static async Task Answer(ApiRequest request)
    {
        if (!HttpMethods.IsPost(request.Http.Request.Method)) throw ApiException.MethodNotAllowed();
        var review = await request.ReadObject();
        review["kind"] = request.Type.Kind;
        review["apiVersion"] = request.Type.ApiVersion;
        review["status"] = request.Type.Kind switch
        {
            "SelfSubjectAccessReview" => new JsonObject { ["allowed"] = true, ["reason"] = "the administrator's token" },
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = new JsonObject { ["username"] = "kubernetes-admin", ["groups"] = new JsonArray("system:masters", "system:authenticated") } },
            _ => new JsonObject
            {
                ["incomplete"] = false,
                ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
            },
        };
        await Answers.Send(request.Http, 201, review);
    }
}

internal static class ServerVersion
{
    /// <summary>The Kubernetes release whose behaviour is followed, marked as ours.</summary>
    public static JsonObject Document() => new()
    {
        ["major"] = "1",
        ["minor"] = "32",
        ["gitVersion"] = "v1.32.0+kratix-actors",
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "none",
        ["compiler"] = "dotnet",
        ["platform"] = $"linux/{System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}",
    };
}
