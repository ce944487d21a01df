using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Api;

/// <summary><c>POST serviceaccounts/NAME/token</c>: a token for a ServiceAccount, for a time, and bound to a Pod or Secret when one is named.</summary>
internal sealed class TokenHandler(ObjectStore store, ServiceAccountTokens tokens)
{
    private const long DefaultSeconds = 3600;
    private const long FewestSeconds = 600;
    private const long MostSeconds = 1L << 32;

    public async Task Create(ApiRequest request)
    {
        var body = await request.ReadObject();
        if (body.TextOrNull("kind") is { Length: > 0 } kind && kind != "TokenRequest") throw ApiException.BadRequest($"the kind in the data ({kind}) does not match the expected kind (TokenRequest)");
        var ns = request.Namespace ?? "";
        var spec = body.Made("spec");
        var seconds = Seconds(request, spec);
        var audiences = spec["audiences"] is JsonArray { Count: > 0 } list ? list.Select(a => a.AsText()).ToList() : [ServiceAccountTokens.Issuer];
        var bound = spec.Child("boundObjectRef") is { } reference ? Bound(request, ns, reference) : null;
        var issued = tokens.Issue(ns, request.Name, audiences, TimeSpan.FromSeconds(seconds), bound) ?? throw ApiException.NotFound(BuiltIn.ServiceAccounts, request.Name);
        spec["audiences"] = audiences.ToJsonArray();
        spec["expirationSeconds"] = seconds;
        if (spec["boundObjectRef"] is null) spec["boundObjectRef"] = null;
        await Answers.Send(request.Http, 201, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = BuiltIn.TokenRequests.ApiVersion,
            ["metadata"] = new JsonObject { ["name"] = request.Name, ["namespace"] = ns, ["creationTimestamp"] = ObjectMetadata.Timestamp(store.Time.GetUtcNow()) },
            ["spec"] = spec.DeepClone(),
            ["status"] = new JsonObject { ["token"] = issued.Text, ["expirationTimestamp"] = ObjectMetadata.Timestamp(issued.Expires) },
        });
    }

    private static long Seconds(ApiRequest request, JsonObject spec)
    {
        if (spec["expirationSeconds"] is not { } asked) return DefaultSeconds;
        if (asked is not JsonValue value || !value.TryGetValue<long>(out var seconds)) throw Invalid("must be a whole number of seconds");
        if (seconds < FewestSeconds) throw Invalid("may not specify a duration less than 10 minutes");
        if (seconds > MostSeconds) throw Invalid("may not specify a duration larger than 2^32 seconds");
        return seconds;

        ApiException Invalid(string why) => ApiException.Invalid(BuiltIn.TokenRequests, request.Name, [FieldError.Invalid("spec.expirationSeconds", asked.DeepClone(), why)]);
    }

    private BoundObject Bound(ApiRequest request, string ns, JsonObject reference)
    {
        var (kind, name, uid) = (reference.Text("kind"), reference.Text("name"), reference.Text("uid"));
        var type = (kind, reference.Text("apiVersion")) switch
        {
            ("Pod", "v1" or "") => BuiltIn.Pods,
            ("Secret", "v1" or "") => BuiltIn.Secrets,
            _ => throw ApiException.BadRequest($"cannot bind token to object of type {reference.Text("apiVersion")} {kind}; a Pod or a Secret of the namespace can be named"),
        };
        var found = store.Get(type.Key(ns, name)) ?? throw ApiException.NotFound(type, name);
        if (uid.Length > 0 && uid != found.Header.Uid)
            throw ApiException.Conflict(type, name, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        if (type == BuiltIn.Pods && found.Parse().At("spec", "serviceAccountName").AsText() != request.Name)
            throw ApiException.BadRequest($"cannot bind token for serviceaccount \"{request.Name}\" to pod running with different serviceaccount name.");
        return new BoundObject(kind, name, found.Header.Uid);
    }
}
