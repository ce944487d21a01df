using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.OpenApi;

/// <summary>
/// <c>/openapi/v2</c> (JSON, and the protobuf older kubectl insists on) and <c>/openapi/v3</c>, made when first asked for after a change of
/// definitions. v2 tells of custom kinds only: of built-in kinds kubectl knows more than it could learn here, and it prefers what it is told.
/// </summary>
internal sealed class OpenApiDocuments(ResourceCatalog catalog)
{
    private volatile Cache? _cache;

    public async Task Answer(HttpContext http, string[] path)
    {
        var cache = Current();
        switch (path)
        {
            case ["openapi", "v2"]:
                var wantsProto = http.Request.Headers.Accept.ToString().Contains("proto-openapi.spec.v2", StringComparison.Ordinal);
                if (wantsProto) await Answers.Send(http, 200, cache.V2Proto.Value, OpenApiV2Proto.ContentType);
                else await Answers.Send(http, 200, cache.V2Json.Value);
                break;
            case ["openapi", "v3"]:
                await Answers.Send(http, 200, V3Index(cache));
                break;
            case ["openapi", "v3", "api", var version] when cache.V3.TryGetValue(("", version), out var core):
                await Answers.Send(http, 200, core.Value);
                break;
            case ["openapi", "v3", "apis", var group, var version] when cache.V3.TryGetValue((group, version), out var document):
                await Answers.Send(http, 200, document.Value);
                break;
            default:
                throw ApiException.NoSuchPath();
        }
    }

    private Cache Current()
    {
        var edition = catalog.Edition;
        if (_cache is { } fresh && ReferenceEquals(fresh.Edition, edition)) return fresh;
        var types = catalog.All;
        var definitions = new Lazy<JsonObject>(() => V2Definitions(types.Where(t => t.IsCustom)));
        var made = new Cache(
            edition,
            new Lazy<byte[]>(() => OpenApiV2Proto.Document(definitions.Value, types.Where(t => t.Verbs.Contains("patch")).Select(t => (Collection(t) + "/{name}", OpenApiSchemas.Gvk(t))))),
            new Lazy<byte[]>(() => new JsonObject
            {
                ["swagger"] = "2.0",
                ["info"] = Info(),
                ["paths"] = new JsonObject(),
                ["definitions"] = definitions.Value.DeepClone(),
            }.ToUtf8()),
            types.GroupBy(t => (t.Group, t.Version)).ToDictionary(g => g.Key, g => new Lazy<byte[]>(() => V3(g).ToUtf8())));
        _cache = made;
        return made;
    }

    private static JsonObject V2Definitions(IEnumerable<ResourceType> types)
    {
        var definitions = new JsonObject { [OpenApiSchemas.ObjectMeta] = OpenApiSchemas.Metadata() };
        foreach (var t in types) definitions[OpenApiSchemas.NameOf(t)] = OpenApiSchemas.ForOldClients(OpenApiSchemas.Of(t, "#/definitions/"));
        return definitions;
    }

    private static JsonObject V3Index(Cache cache)
    {
        var paths = new JsonObject();
        foreach (var ((group, version), document) in cache.V3)
        {
            var path = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Convert.ToHexString(SHA256.HashData(document.Value))}" };
        }
        return new JsonObject { ["paths"] = paths };
    }

    private static JsonObject V3(IEnumerable<ResourceType> types)
    {
        var schemas = new JsonObject { [OpenApiSchemas.ObjectMeta] = OpenApiSchemas.Metadata() };
        var paths = new JsonObject();
        foreach (var t in types)
        {
            schemas[OpenApiSchemas.NameOf(t)] = OpenApiSchemas.Of(t, "#/components/schemas/");
            var collection = Collection(t);
            paths[collection] = new JsonObject { ["get"] = Operation(t, "list"), ["post"] = Operation(t, "post") };
            if (t.Verbs.Contains("patch"))
            {
                paths[collection + "/{name}"] = new JsonObject
                {
                    ["get"] = Operation(t, "get"),
                    ["put"] = Operation(t, "put"),
                    ["patch"] = Operation(t, "patch"),
                    ["delete"] = Operation(t, "delete"),
                };
            }
        }
        return new JsonObject { ["openapi"] = "3.0.0", ["info"] = Info(), ["paths"] = paths, ["components"] = new JsonObject { ["schemas"] = schemas } };
    }

    private static string Collection(ResourceType t)
    {
        var root = t.Group.Length == 0 ? $"/api/{t.Version}" : $"/apis/{t.Group}/{t.Version}";
        return t.Namespaced ? $"{root}/namespaces/{{namespace}}/{t.Plural}" : $"{root}/{t.Plural}";
    }

    /// <summary>The parameters tell kubectl that dry runs and field validation are done here, so it leaves both to the server.</summary>
    private static JsonObject Operation(ResourceType t, string action)
    {
        static JsonNode Parameter(string name) => new JsonObject { ["name"] = name, ["in"] = "query", ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true } };
        var operation = new JsonObject
        {
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = OpenApiSchemas.Gvk(t),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        };
        if (action is "post" or "put" or "patch") operation["parameters"] = new JsonArray(Parameter("dryRun"), Parameter("fieldManager"), Parameter("fieldValidation"));
        return operation;
    }

    private static JsonObject Info() => new() { ["title"] = "Kratix.Actors Standalone", ["version"] = "v1" };

    private sealed record Cache(object Edition, Lazy<byte[]> V2Proto, Lazy<byte[]> V2Json, Dictionary<(string Group, string Version), Lazy<byte[]>> V3);
}
