using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.OpenApi;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kratix.Actors.Standalone.Api;

/// <summary>Who answers what.</summary>
internal sealed record ApiHandlers(
    ReadHandler Reads, WriteHandler Writes, WatchHandler Watches, PodLogHandler Logs, TokenHandler Tokens, ReviewHandler Reviews, OpenApiDocuments OpenApi);

/// <summary>Every request: who asks, what for, whether they may, and the answer, which is a <c>Status</c> when anything is wrong.</summary>
internal sealed class ApiEndpoint(StandaloneOptions options, ResourceCatalog catalog, Authentication authentication, Rbac rbac, ServiceAccountKey key, ApiHandlers handlers)
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
        var user = authentication.UserOf(http);
        if (ResourcePath.Parse(path) is { } address)
        {
            await Resource(http, user, address);
            return;
        }
        CheckMay(AccessRequest.ToPath(user, http.Request.Method.ToLowerInvariant(), path));
        if (parts is ["version"]) await Answers.Send(http, 200, ServerVersion.Document());
        else if (parts is ["openid", "v1", "jwks"]) await Answers.Send(http, 200, key.ToJwks(), "application/jwk-set+json");
        else if (parts is [".well-known", "openid-configuration"]) await Answers.Send(http, 200, Issuer(http));
        else if (parts is ["openapi", ..]) await handlers.OpenApi.Answer(http, parts);
        else if (!HttpMethods.IsGet(http.Request.Method) || !await Discovery.TryAnswer(http, parts, catalog)) throw ApiException.NoSuchPath();
    }

    private void CheckMay(AccessRequest access)
    {
        var decision = rbac.Decide(access);
        if (!decision.IsAllowed) throw ApiException.Denied(access, decision);
    }

    private async Task Resource(HttpContext http, UserInfo user, ResourcePath address)
    {
        var access = address.AccessOf(http.Request, user);
        CheckMay(access);
        var type = catalog.Find(address.Group, address.Version, address.Plural) ?? throw ApiException.NoSuchPath();
        if (!type.Namespaced && address.Namespace is not null) throw ApiException.NoSuchPath();
        if (type.Namespaced && address.Namespace is null && address.Name.Length > 0) throw ApiException.NoSuchPath();
        if (address.Subresource.Length == 0 && !type.Verbs.Contains(access.Verb)) throw ApiException.MethodNotAllowed();
        var request = new ApiRequest(http, user, type, address.Namespace, address.Name, address.Subresource, options.MaxBodyBytes);
        if (type.Group is "authorization.k8s.io" or "authentication.k8s.io") await handlers.Reviews.Answer(request);
        else if (address.Subresource.Length > 0) await Subresource(request);
        else if (address.Name.Length > 0) await One(request);
        else await Collection(request);
    }

    private Task Collection(ApiRequest request) => request.Http.Request.Method switch
    {
        "GET" when request.QueryIsTrue("watch") => handlers.Watches.Watch(request),
        "GET" => handlers.Reads.List(request),
        "POST" => handlers.Writes.Create(request),
        "DELETE" => handlers.Writes.DeleteCollection(request),
        _ => throw ApiException.MethodNotAllowed(),
    };

    private Task One(ApiRequest request) => request.Http.Request.Method switch
    {
        "GET" when request.QueryIsTrue("watch") => handlers.Watches.Watch(request),
        "GET" => handlers.Reads.Get(request),
        "PUT" => handlers.Writes.Update(request),
        "PATCH" => handlers.Writes.Patch(request),
        "DELETE" => handlers.Writes.Delete(request),
        _ => throw ApiException.MethodNotAllowed(),
    };

    private Task Subresource(ApiRequest request) => (request.Subresource, request.Http.Request.Method) switch
    {
        ("status", "GET") when request.Type.HasStatus => handlers.Reads.Get(request),
        ("status", "PUT") when request.Type.HasStatus => handlers.Writes.Update(request),
        ("status", "PATCH") when request.Type.HasStatus => handlers.Writes.Patch(request),
        ("finalize", "PUT") when request.Type == BuiltIn.Namespaces => handlers.Writes.Update(request),
        ("token", "POST") when request.Type == BuiltIn.ServiceAccounts => handlers.Tokens.Create(request),
        ("log", "GET") when request.Type == BuiltIn.Pods => handlers.Logs.Read(request),
        _ => throw ApiException.NoSuchPath(),
    };

    /// <summary>Where whoever is shown a ServiceAccount token finds the key to check it with.</summary>
    private static JsonObject Issuer(HttpContext http) => new()
    {
        ["issuer"] = ServiceAccountTokens.Issuer,
        ["jwks_uri"] = $"https://{http.Request.Host}/openid/v1/jwks",
        ["response_types_supported"] = new JsonArray("id_token"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
    };
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
