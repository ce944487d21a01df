using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;

namespace Kratix.Actors.Standalone.Api;

/// <summary>Questions about identity and rights (<c>kubectl auth can-i</c>, <c>auth whoami</c>): asked by POST, answered in <c>status</c>, never stored.</summary>
internal sealed class ReviewHandler(Rbac rbac, Authentication authentication)
{
    public async Task Answer(ApiRequest request)
    {
        var review = await request.ReadObject();
        var spec = review.Made("spec");
        review["kind"] = request.Type.Kind;
        review["apiVersion"] = request.Type.ApiVersion;
        review["metadata"] ??= new JsonObject();
        review["status"] = request.Type.Kind switch
        {
            "SelfSubjectAccessReview" => Access(request, request.User, spec),
            "SubjectAccessReview" => Access(request, Named(request, spec), spec),
            "LocalSubjectAccessReview" => Local(request, spec),
            "SelfSubjectRulesReview" => Rules(request, spec),
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = Info(request.User) },
            "TokenReview" => Token(request, spec),
            var kind => throw new InvalidOperationException($"{kind} is no review"),
        };
        await Answers.Send(request.Http, 201, review);
    }

    private JsonObject Access(ApiRequest request, UserInfo user, JsonObject spec)
    {
        var decision = rbac.Decide(Question(request, user, spec));
        var status = new JsonObject { ["allowed"] = decision.IsAllowed };
        if (decision.Why.Length > 0) status[decision.IsAllowed ? "reason" : "evaluationError"] = decision.Why;
        return status;
    }

    private JsonObject Local(ApiRequest request, JsonObject spec)
    {
        if (spec.At("resourceAttributes", "namespace").AsText() != request.Namespace)
            throw Invalid(request, FieldError.Invalid("spec.resourceAttributes.namespace", spec.At("resourceAttributes", "namespace")?.DeepClone(), "must match metadata.namespace"));
        return Access(request, Named(request, spec), spec);
    }

    private static AccessRequest Question(ApiRequest request, UserInfo user, JsonObject spec)
    {
        if (spec.Child("nonResourceAttributes") is { } path) return AccessRequest.ToPath(user, path.Text("verb"), path.Text("path"));
        var what = spec.Child("resourceAttributes")
            ?? throw Invalid(request, FieldError.Invalid("spec.resourceAttributes", null, "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
        return new AccessRequest(user, what.Text("verb"), what.Text("group"), what.Text("resource"), what.Text("subresource"), what.Text("namespace"), what.Text("name"));
    }

    private static UserInfo Named(ApiRequest request, JsonObject spec)
    {
        ImmutableArray<string> groups = spec["groups"] is JsonArray list ? [.. list.Select(g => g.AsText())] : [];
        if (spec.Text("user").Length == 0 && groups.IsEmpty) throw Invalid(request, FieldError.Invalid("spec.user", "", "at least one of user or group must be specified"));
        return new UserInfo(spec.Text("user"), spec.Text("uid"), groups);
    }

    private JsonObject Rules(ApiRequest request, JsonObject spec)
    {
        if (spec.Text("namespace").Length == 0) throw ApiException.BadRequest("no namespace on request");
        var rules = rbac.RulesFor(request.User, spec.Text("namespace"));
        return new JsonObject
        {
            ["incomplete"] = false,
            ["resourceRules"] = new JsonArray([.. rules.Where(r => r.Resources.Count > 0).Select(r => (JsonNode)(r with { Paths = [] }).ToJson())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(r => r.Paths.Count > 0).Select(r => (JsonNode)(r with { Groups = [], Resources = [], Names = [] }).ToJson())]),
        };
    }

    private JsonObject Token(ApiRequest request, JsonObject spec)
    {
        if (spec.Text("token").Length == 0) throw Invalid(request, FieldError.Required("spec.token"));
        string[] audiences = spec["audiences"] is JsonArray { Count: > 0 } asked ? [.. asked.Select(a => a.AsText())] : [ServiceAccountTokens.Issuer];
        if (authentication.Verify(spec.Text("token"), audiences) is not { } token)
            return new JsonObject { ["authenticated"] = false, ["user"] = new JsonObject(), ["error"] = "the token does not hold, or is meant for another audience" };
        return new JsonObject { ["authenticated"] = true, ["user"] = Info(token.User, token.Bound), ["audiences"] = audiences.Intersect(token.Audiences).ToJsonArray() };
    }

    private static JsonObject Info(UserInfo user, BoundObject? bound = null)
    {
        var info = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0) info["uid"] = user.Uid;
        info["groups"] = user.Groups.ToJsonArray();
        if (bound?.Kind == "Pod")
        {
            info["extra"] = new JsonObject
            {
                ["authentication.kubernetes.io/pod-name"] = new JsonArray(bound.Name),
                ["authentication.kubernetes.io/pod-uid"] = new JsonArray(bound.Uid),
            };
        }
        return info;
    }

    private static ApiException Invalid(ApiRequest request, FieldError error) => ApiException.Invalid(request.Type, "", [error]);
}
