using System.Collections.Immutable;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Authorization;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.Standalone.Security;

/// <summary>From a request's headers to who asks: the bearer of a token, or whom that one may speak for (<c>kubectl --as</c>).</summary>
internal sealed class Authentication(AdminToken admin, ServiceAccountTokens tokens, Rbac rbac)
{
    /// <exception cref="ApiException">401 without a token that holds; 403 when the bearer may not speak for another.</exception>
    public UserInfo UserOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw ApiException.Unauthorized();
        var bearer = Verify(header["Bearer ".Length..].Trim(), [ServiceAccountTokens.Issuer])?.User ?? throw ApiException.Unauthorized();
        return Impersonated(http.Request.Headers, bearer) ?? bearer;
    }

    /// <summary>Null when the token does not hold, or is meant for none of <paramref name="audiences"/>.</summary>
    public VerifiedToken? Verify(string token, IReadOnlyList<string> audiences)
    {
        if (admin.Is(token)) return new VerifiedToken(UserInfo.Administrator, [ServiceAccountTokens.Issuer], null);
        return tokens.Verify(token) is { } verified && verified.Audiences.Intersect(audiences).Any() ? verified : null;
    }

    private UserInfo? Impersonated(IHeaderDictionary headers, UserInfo bearer)
    {
        var asked = headers.Keys.Where(k => k.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)).ToList();
        if (asked.Count == 0) return null;
        var name = headers["Impersonate-User"].ToString();
        if (name.Length == 0) throw ApiException.BadRequest($"requested {string.Join(", ", asked)} without impersonating a user");
        if (asked.Find(k => k.StartsWith("Impersonate-Extra-", StringComparison.OrdinalIgnoreCase)) is { } extra)
            throw ApiException.BadRequest($"{extra} is not supported: no rule of this server looks at extra fields of a user");
        var account = UserInfo.ServiceAccountOf(name);
        if (account is { } a) CheckMay(bearer, "", "serviceaccounts", a.Namespace, a.Name);
        else CheckMay(bearer, "", "users", "", name);
        ImmutableArray<string> groups = [.. headers["Impersonate-Group"].OfType<string>()];
        foreach (var group in groups) CheckMay(bearer, "", "groups", "", group);
        var uid = headers["Impersonate-Uid"].ToString();
        if (uid.Length > 0) CheckMay(bearer, "authentication.k8s.io", "uids", "", uid);
        if (account is { } of && groups.IsEmpty) groups = UserInfo.ServiceAccountGroups(of.Namespace);
        else if (name == UserInfo.Anonymous) groups = groups.Contains(UserInfo.Unauthenticated) ? groups : groups.Add(UserInfo.Unauthenticated);
        else if (!groups.Contains(UserInfo.Authenticated)) groups = groups.Add(UserInfo.Authenticated);
        return new UserInfo(name, uid, groups);
    }

    private void CheckMay(UserInfo bearer, string group, string resource, string ns, string name)
    {
        var request = new AccessRequest(bearer, "impersonate", group, resource, "", ns, name);
        var decision = rbac.Decide(request);
        if (!decision.IsAllowed) throw ApiException.Denied(request, decision);
    }
}
