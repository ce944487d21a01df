using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>Roles and bindings as kubectl users write and meet them.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Account = "system:serviceaccount:default:worker";
    private TestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.Start();
        await Run("create serviceaccount worker");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("get secrets", "secrets is forbidden: User \"system:serviceaccount:default:worker\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\"")]
    [InlineData("get secret s", "secrets \"s\" is forbidden: User \"system:serviceaccount:default:worker\" cannot get resource \"secrets\" in API group \"\" in the namespace \"default\"")]
    [InlineData("get ns", "namespaces is forbidden: User \"system:serviceaccount:default:worker\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope")]
    [InlineData("get leases -A", "leases.coordination.k8s.io is forbidden: User \"system:serviceaccount:default:worker\" cannot list resource \"leases\" in API group \"coordination.k8s.io\" at the cluster scope")]
    [InlineData("create cm c", "cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\"")]
    [InlineData("get --raw /metrics", "forbidden: User \"system:serviceaccount:default:worker\" cannot get path \"/metrics\"")]
    public async Task Without_a_binding_nothing_is_allowed(string command, string message) =>
        Assert.Contains(message, (await _server.Kubectl.Run($"{command} --as={Account}")).Failed().Error, StringComparison.Ordinal);

    [Fact]
    public async Task A_binding_to_a_cluster_role_grants_what_it_names_and_no_more()
    {
        await Run("create secret generic promise-secret --from-literal=apikey=topsecret");
        await Run("create secret generic other --from-literal=a=b");
        await Run("create clusterrole promise-secret-cr --verb=get --resource=secrets --resource-name=promise-secret");
        await Run("create clusterrolebinding promise-secret --clusterrole=promise-secret-cr --serviceaccount=default:worker");

        Assert.Equal("dG9wc2VjcmV0", await As("get secret promise-secret -o=jsonpath={.data.apikey}"));
        Assert.Contains("secrets \"other\" is forbidden", await Refused("get secret other"), StringComparison.Ordinal);
        Assert.Contains("secrets is forbidden", await Refused("get secrets"), StringComparison.Ordinal);

        await Run("delete clusterrolebinding promise-secret");

        Assert.Contains("secrets \"promise-secret\" is forbidden", await Refused("get secret promise-secret"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_binding_counts_in_its_namespace_only()
    {
        await Run("create ns elsewhere");
        await Run("create rolebinding edits --clusterrole=edit --serviceaccount=default:worker -n elsewhere");

        Assert.Equal("configmap/c created\n", await As("create cm c -n elsewhere"));
        Assert.Contains("in the namespace \"default\"", await Refused("create cm c"), StringComparison.Ordinal);
        Assert.Equal("elsewhere", await As("get ns elsewhere -o jsonpath={.metadata.name}"));
        Assert.Contains("rolebindings.rbac.authorization.k8s.io is forbidden", await Refused("get rolebindings -n elsewhere"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subresource_is_a_right_of_its_own()
    {
        await Run("create role reads --verb=get --resource=pods,pods/log");
        await Run("create rolebinding reads --role=reads --serviceaccount=default:worker");
        await Run("create role starves --verb=get --resource=pods -n kube-system");
        await Run("create rolebinding starves --role=starves --serviceaccount=default:worker -n kube-system");

        Assert.Equal("yes\n", await As("auth can-i get pods --subresource=log"));
        Assert.Contains("no", (await _server.Kubectl.Run($"auth can-i get pods --subresource=log -n kube-system --as={Account}")).Failed().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Can_i_answers_for_oneself_and_for_others()
    {
        await Run("create clusterrole lists --verb=list,watch --resource=configmaps");
        await Run("create clusterrolebinding lists --clusterrole=lists --group=system:serviceaccounts:default");

        Assert.Equal("yes\n", await Run("auth can-i delete secrets"));
        Assert.Equal("yes\n", await As("auth can-i list cm"));
        Assert.StartsWith("no", (await _server.Kubectl.Run($"auth can-i get cm --as={Account}")).Failed().Out, StringComparison.Ordinal);
        Assert.StartsWith("no", (await _server.Kubectl.Run("auth can-i list cm --as=jane --as-group=developers")).Failed().Out, StringComparison.Ordinal);
        Assert.Equal("yes\n", await Run("auth can-i get /version --as=jane"));
        var list = await As("auth can-i --list");
        Assert.Matches(@"configmaps\s+\[\]\s+\[\]\s+\[list watch\]", list);
        Assert.Matches(@"\[/openapi/\*\]\s+\[\]\s+\[get\]", list);
    }

    [Fact]
    public async Task A_binding_to_a_role_that_is_not_there_says_so()
    {
        await Run("create rolebinding dangling --role=nobody --serviceaccount=default:worker");

        Assert.Contains("RBAC: role.rbac.authorization.k8s.io \"nobody\" not found", await Refused("get secrets"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregated_roles_follow_the_labels_of_others()
    {
        await Run("create rolebinding views --clusterrole=view --serviceaccount=default:worker");
        Assert.Contains("forbidden", await Refused("get leases"), StringComparison.Ordinal);
        await Run("create clusterrole view-leases --verb=get,list,watch --resource=leases.coordination.k8s.io");
        var seen = _server.Server.Store.Version;
        await Run("label clusterrole view-leases rbac.authorization.k8s.io/aggregate-to-view=true");
        await _server.Changed(Resources.BuiltIn.ClusterRoles.Key("", "view"), seen);

        await As("get leases");
    }

    [Fact]
    public async Task Nobody_gives_away_rights_they_do_not_hold()
    {
        await Run("create role managers --verb=get,list,create,update --resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io,configmaps");
        await Run("create rolebinding managers --role=managers --serviceaccount=default:worker");

        var escalated = await Refused("create role more --verb=get,list --resource=secrets");
        Assert.Contains("roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"system:serviceaccount:default:worker\" (groups=[\"system:serviceaccounts\" \"system:serviceaccounts:default\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:", escalated, StringComparison.Ordinal);
        Assert.Contains("{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}", escalated, StringComparison.Ordinal);
        Assert.Contains("is attempting to grant RBAC permissions not currently held", await Refused("create rolebinding more --clusterrole=cluster-admin --serviceaccount=default:worker"), StringComparison.Ordinal);
        await As("create role less --verb=get --resource=configmaps");

        await Run("create role binder --verb=bind --resource=clusterroles.rbac.authorization.k8s.io --resource-name=view");
        await Run("create rolebinding binder --role=binder --serviceaccount=default:worker");
        await As("create rolebinding views --clusterrole=view --serviceaccount=default:worker");
    }

    [Fact]
    public async Task Speaking_for_others_is_a_right_too()
    {
        var token = _server.Server.Tokens.Issue("default", "worker", [], TimeSpan.FromHours(1), null)!.Text;

        var refused = (await _server.Kubectl.Run($"get --raw /version --token={token} --as=jane")).Failed().Error;

        Assert.Contains("users \"jane\" is forbidden: User \"system:serviceaccount:default:worker\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope", refused, StringComparison.Ordinal);
        Assert.Contains("cannot impersonate resource \"serviceaccounts\"", (await _server.Kubectl.Run($"get --raw /version --token={token} --as=system:serviceaccount:default:worker --as-group=system:masters")).Failed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Applying_on_the_server_what_is_not_there_takes_the_right_to_create()
    {
        await Run("create role patches --verb=get,patch --resource=configmaps");
        await Run("create rolebinding patches --role=patches --serviceaccount=default:worker");
        const string manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n";

        Assert.Contains("cannot create resource \"configmaps\"", (await _server.Kubectl.Run($"apply --server-side -f - --as={Account}", manifest)).Failed().Error, StringComparison.Ordinal);

        (await _server.Kubectl.Run("apply --server-side -f -", manifest)).Succeeded();
        (await _server.Kubectl.Run($"apply --server-side --force-conflicts -f - --as={Account}", manifest.Replace("a: b", "a: c", StringComparison.Ordinal))).Succeeded();
    }

    [Theory]
    [InlineData("{kind: ServiceAccount, name: x}", "subjects[0].namespace: Required value")]
    [InlineData("{kind: Robot, name: x}", "subjects[0].kind: Unsupported value: \"Robot\"")]
    [InlineData("{kind: User}", "subjects[0].name: Required value")]
    public async Task A_subject_nobody_can_be_is_refused(string subject, string message) => Assert.Contains(
        message,
        (await _server.Kubectl.Apply($"apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}\nsubjects: [{subject}]")).Failed().Error,
        StringComparison.Ordinal);

    private async Task<string> Run(string command) => (await _server.Kubectl.Run(command)).Succeeded().Out;

    private Task<string> As(string command) => Run($"{command} --as={Account}");

    private async Task<string> Refused(string command) => (await _server.Kubectl.Run($"{command} --as={Account}")).Failed().Error;
}
