using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Security;

/// <summary>What a token ends with: the Pod or Secret it was made for.</summary>
/// <param name="Kind"><c>Pod</c> or <c>Secret</c>, of the ServiceAccount's namespace.</param>
public sealed record BoundObject(string Kind, string Name, string Uid);

/// <param name="Text">The JWT.</param>
public sealed record IssuedToken(string Text, DateTimeOffset Expires);

/// <summary>A token that holds: whose, for whom, and what it is bound to.</summary>
internal sealed record VerifiedToken(UserInfo User, IReadOnlyList<string> Audiences, BoundObject? Bound);

/// <summary>
/// Tokens of ServiceAccounts, as the TokenRequest API and the node's projected volumes hand them out. A token holds while its time lasts and its
/// ServiceAccount, and what it is bound to, are the ones it was made for: deleting a Pod ends the tokens its containers had.
/// </summary>
public sealed class ServiceAccountTokens
{
    /// <summary>Who signs, and the audience of tokens meant for this API.</summary>
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private readonly ServiceAccountKey _key;
    private readonly ObjectStore _store;

    internal ServiceAccountTokens(ServiceAccountKey key, ObjectStore store) => (_key, _store) = (key, store);

    internal ServiceAccountKey Key => _key;

    /// <param name="audiences">Empty for this API.</param>
    /// <returns>Null when there is no such ServiceAccount.</returns>
    public IssuedToken? Issue(string ns, string serviceAccount, IReadOnlyList<string> audiences, TimeSpan lifetime, BoundObject? bound)
    {
        if (_store.Get(BuiltIn.ServiceAccounts.Key(ns, serviceAccount)) is not { } account) return null;
        var now = _store.Time.GetUtcNow().ToUnixTimeSeconds();
        var expires = now + (long)lifetime.TotalSeconds;
        var about = new JsonObject { ["namespace"] = ns };
        if (bound is not null) about[bound.Kind.ToLowerInvariant()] = new JsonObject { ["name"] = bound.Name, ["uid"] = bound.Uid };
        about["serviceaccount"] = new JsonObject { ["name"] = serviceAccount, ["uid"] = account.Header.Uid };
        var text = _key.Sign(new JsonObject
        {
            ["aud"] = (audiences.Count > 0 ? audiences : [Issuer]).ToJsonArray(),
            ["exp"] = expires,
            ["iat"] = now,
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = about,
            ["nbf"] = now,
            ["sub"] = UserInfo.ServiceAccountName(ns, serviceAccount),
        });
        return new IssuedToken(text, DateTimeOffset.FromUnixTimeSeconds(expires));
    }

    /// <summary>Null when the token is not ours, is out of its time, or names what is no longer there.</summary>
    internal VerifiedToken? Verify(string token)
    {
        if (_key.Verify(token) is not { } claims || claims.Text("iss") != Issuer) return null;
        var now = _store.Time.GetUtcNow().ToUnixTimeSeconds();
        if (now >= Seconds(claims["exp"]) || now < Seconds(claims["nbf"]) || claims.Child("kubernetes.io") is not { } about) return null;
        var ns = about.Text("namespace");
        if (!IsPresent(BuiltIn.ServiceAccounts, ns, about.Child("serviceaccount"))) return null;
        var (pod, secret) = (about.Child("pod"), about.Child("secret"));
        if (pod is not null && !IsPresent(BuiltIn.Pods, ns, pod)) return null;
        if (secret is not null && !IsPresent(BuiltIn.Secrets, ns, secret)) return null;
        var account = about.Child("serviceaccount")!;
        var user = new UserInfo(UserInfo.ServiceAccountName(ns, account.Text("name")), account.Text("uid"), UserInfo.ServiceAccountGroups(ns));
        var bound = pod is not null ? new BoundObject("Pod", pod.Text("name"), pod.Text("uid")) : secret is not null ? new BoundObject("Secret", secret.Text("name"), secret.Text("uid")) : null;
        return new VerifiedToken(user, claims["aud"] is JsonArray audiences ? [.. audiences.Select(a => a.AsText())] : [], bound);
    }

    private bool IsPresent(ResourceType type, string ns, JsonObject? reference) =>
        reference is not null && _store.Get(type.Key(ns, reference.Text("name"))) is { } found && found.Header.Uid == reference.Text("uid");

    private static long Seconds(JsonNode? node) => long.TryParse(node.AsText(), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
}
