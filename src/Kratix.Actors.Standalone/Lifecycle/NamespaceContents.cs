using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>What every namespace has: the ServiceAccount <c>default</c>, and the authority that containers check this server's certificate with.</summary>
internal sealed class NamespaceContents(ObjectStore store, string authorityPem)
{
    public const string AuthorityName = "kube-root-ca.crt";
    private const string AccountName = "default";

    public static bool Has(ObjectKey key) =>
        (key.Resource == BuiltIn.ServiceAccounts.Storage && key.Name == AccountName) || (key.Resource == BuiltIn.ConfigMaps.Storage && key.Name == AuthorityName);

    /// <summary>Makes what is missing, and puts an authority that is not this server's right.</summary>
    public async Task Ensure(string ns)
    {
        var account = BuiltIn.ServiceAccounts.Key(ns, AccountName);
        if (store.Get(account) is null) await store.TryCreate(account, Object("ServiceAccount"));
        var authority = BuiltIn.ConfigMaps.Key(ns, AuthorityName);
        if (store.Get(authority) is null) await store.TryCreate(authority, WithAuthority(Object("ConfigMap")));
        else await store.Change(authority, WithAuthority);
    }

    private static JsonObject Object(string kind) => new() { ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new JsonObject() };

    private JsonObject WithAuthority(JsonObject o)
    {
        o["data"] = new JsonObject { ["ca.crt"] = authorityPem };
        return o;
    }
}
