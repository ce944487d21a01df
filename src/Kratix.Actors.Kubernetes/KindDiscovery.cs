using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes;

/// <summary>Which URL a kind has, asked of the server. What is known is not asked again; what is not known is, because a CRD may have come meanwhile.</summary>
public sealed class KindDiscovery(KubernetesClient client)
{
    private readonly Dictionary<(string ApiVersion, string Kind), ResourceType> _known = [];

    /// <summary><see cref="Refusal.NotFound"/>: the server serves no such kind (yet).</summary>
    public async Task<Outcome<ResourceType>> Find(string apiVersion, string kind, CancellationToken cancellation)
    {
        if (_known.TryGetValue((apiVersion, kind), out var known))
            return new Outcome<ResourceType>.Done(known);
        var parts = apiVersion.Split('/');
        if (parts.Length > 2 || parts.Any(p => p.Length == 0 || p is "." or ".."))
            return new Outcome<ResourceType>.Terminal(Refusal.Invalid, $"apiVersion '{apiVersion}' is not of the form 'v1' or 'group/version'");
        var (group, version) = parts.Length == 2 ? (parts[0], parts[1]) : ("", parts[0]);
        switch (await client.GetDocument(ApiPath.GroupVersion(group, version), cancellation))
        {
            case Outcome<JsonObject>.Done { Value: var document }:
                foreach (var entry in (document["resources"] as JsonArray ?? []).OfType<JsonObject>())
                {
                    var plural = entry["name"]?.ToString() ?? "";
                    if (!plural.Contains('/', StringComparison.Ordinal))
                        _known[(apiVersion, entry["kind"]?.ToString() ?? "")] = new ResourceType(group, version, plural, entry["kind"]?.ToString() ?? "", entry["namespaced"]?.GetValue<bool>() ?? false);
                }

                return _known.TryGetValue((apiVersion, kind), out var found) ? new Outcome<ResourceType>.Done(found) : NotServed(apiVersion, kind);
            case Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }:
                return NotServed(apiVersion, kind);
            case var failed:
                return failed.Select(_ => default(ResourceType)!);
        }
    }

    private static Outcome<ResourceType>.Terminal NotServed(string apiVersion, string kind) =>
        new(Refusal.NotFound, $"the API server serves no kind '{kind}' of '{apiVersion}'");
}
