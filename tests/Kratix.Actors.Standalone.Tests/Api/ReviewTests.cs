using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

/// <summary>What programs ask about others: who holds this token, and may they do that?</summary>
public sealed class ReviewTests(WebsiteServer fixture) : IClassFixture<WebsiteServer>
{
    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Access_of_somebody_else_is_answered_with_the_binding_that_grants_it()
    {
        (await Server.Kubectl.Run("create clusterrole sees-sites --verb=get --resource=websites.example.com")).Succeeded();
        (await Server.Kubectl.Run("create clusterrolebinding sees-sites --clusterrole=sees-sites --group=visitors")).Succeeded();

        var may = await Ask("SubjectAccessReview", "{groups: [visitors], resourceAttributes: {verb: get, group: example.com, resource: websites, namespace: default, name: a}}");
        var mayNot = await Ask("SubjectAccessReview", "{user: jane, resourceAttributes: {verb: get, group: example.com, resource: websites, namespace: default}}");

        Assert.Equal("""{"allowed":true,"reason":"RBAC: allowed by ClusterRoleBinding \u0022sees-sites\u0022 of ClusterRole \u0022sees-sites\u0022 to Group \u0022visitors\u0022"}""", may.ToJsonString());
        Assert.Equal("""{"allowed":false}""", mayNot.ToJsonString());
    }

    [Fact]
    public async Task Local_access_is_about_the_namespace_it_is_asked_in()
    {
        var (code, status) = await Server.Post(
            "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
            Review("LocalSubjectAccessReview", "{user: jane, resourceAttributes: {verb: get, resource: pods, namespace: kube-system}}"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains("spec.resourceAttributes.namespace: Invalid value: \"kube-system\": must match metadata.namespace", status.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{resourceAttributes: {verb: get, resource: pods}}", "spec.user: Invalid value: \"\": at least one of user or group must be specified")]
    [InlineData("{user: jane}", "exactly one of nonResourceAttributes or resourceAttributes must be specified")]
    public async Task A_question_without_a_subject_or_an_object_is_refused(string spec, string why)
    {
        var (code, status) = await Server.Post("/apis/authorization.k8s.io/v1/subjectaccessreviews", Review("SubjectAccessReview", spec));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains(why, status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_told_with_its_user_and_the_pod_it_is_bound_to()
    {
        var (_, pod) = await Server.Post("/api/v1/namespaces/default/pods", Manifests.Json("{apiVersion: v1, kind: Pod, metadata: {name: holder}, spec: {containers: [{name: main, image: 'one:1'}]}}"));
        var token = Server.Server.Tokens.Issue("default", "default", [], TimeSpan.FromHours(1), new Security.BoundObject("Pod", "holder", pod.At("metadata", "uid").AsText()))!.Text;

        var holds = await Ask("TokenReview", $"{{token: {token}}}", "authentication.k8s.io");
        var stranger = await Ask("TokenReview", "{token: nonsense}", "authentication.k8s.io");

        Assert.Equal("system:serviceaccount:default:default", holds.At("user", "username").AsText());
        Assert.Equal("[\"holder\"]", holds.At("user", "extra", "authentication.kubernetes.io/pod-name")!.ToJsonString());
        Assert.False(stranger["authenticated"].IsTrue());
    }

    private async Task<JsonObject> Ask(string kind, string spec, string group = "authorization.k8s.io")
    {
        var (code, answer) = await Server.Post($"/apis/{group}/v1/{kind.ToLowerInvariant()}s", Review(kind, spec, group));
        Assert.Equal(HttpStatusCode.Created, code);
        return answer["status"]!.AsObject();
    }

    private static JsonObject Review(string kind, string spec, string group = "authorization.k8s.io") =>
        new() { ["apiVersion"] = $"{group}/v1", ["kind"] = kind, ["spec"] = Manifests.Json(spec) };
}
