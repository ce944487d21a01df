using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>Reads <c>spec.api</c>.</summary>
internal static class ApiReader
{
    /// <summary>Null for a Promise without an API: missing, null or <c>{}</c>.</summary>
    internal static PromiseApi? Read(JsonObject? api)
    {
        if (api is null || api.Count == 0)
            return null;
        var spec = api["spec"] as JsonObject;
        var names = spec?["names"] as JsonObject;
        var versions = (spec?["versions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var version = versions.FirstOrDefault(v => v["storage"]?.GetValueKind() == System.Text.Json.JsonValueKind.True) ?? versions.FirstOrDefault();
        return new PromiseApi(
            spec?["group"]?.ToString() ?? "", version?["name"]?.ToString() ?? "", names?["plural"]?.ToString() ?? "",
            names?["kind"]?.ToString() ?? "", Canonical.DigestOf(api));
    }

    internal static ResourceType ResourceType(this PromiseApi api) => new(api.Group, api.Version, api.Plural, api.Kind, true);
}
