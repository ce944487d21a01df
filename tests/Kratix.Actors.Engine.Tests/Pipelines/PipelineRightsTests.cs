using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

/// <summary>What Pipelines run as and what they may do.</summary>
public sealed class PipelineRightsTests
{
    private static readonly RunSubject Subject = new("redis", "Redis", "example.org", "v1", "redis", "default", "a", "uid-1");
    private static readonly RunSubject Promise = new("redis", "Promise", "platform.kratix.io", "v1alpha1", "promises", null, "redis", "uid-2");

    [Fact, Conformance("R60", "By default a Pipeline may read and update its own object, its status and Works, and nothing more.")]
    public void Pipeline_without_rbac_has_the_default_rights_in_its_namespace()
    {
        var rights = PipelineRights.Of(Request(Samples.Pipeline("p")));

        Assert.Equal("redis-default-promise-pipeline", rights.Account);
        Assert.Equal(
            ["ServiceAccount default/redis-default-promise-pipeline", "Role default/redis-resource-configure-p", "RoleBinding default/redis-resource-configure-p"], Names(rights));
        Assert.Equal(
            """[{"apiGroups":["example.org"],"resources":["redis","redis/status"],"verbs":["get","list","update","create","patch"]},{"apiGroups":["platform.kratix.io"],"resources":["works"],"verbs":["*"]}]""",
            rights.Objects[1].Body["rules"]!.ToJsonString());
        Assert.Equal("redis-default-promise-pipeline", rights.Objects[2].Body["subjects"]![0]!["name"]!.ToString());
    }

    [Fact]
    public void Pipeline_of_a_Promise_has_its_default_rights_in_the_whole_cluster()
    {
        var rights = PipelineRights.Of(Request(Samples.Pipeline("p"), Promise));

        Assert.Equal(
            ["ServiceAccount kratix-platform-system/redis-default-promise-pipeline", "ClusterRole /redis-promise-configure-p", "ClusterRoleBinding /redis-promise-configure-p"],
            Names(rights));
        Assert.Contains("promises/status", rights.Objects[1].Body["rules"]![0]!["resources"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact, Conformance("R56", "With an rbac section the ServiceAccount is promise-type-action-pipeline.")]
    public void Permissions_are_granted_in_the_own_namespace_another_one_and_all()
    {
        var rights = PipelineRights.Of(Request(WithRbac(Permission("get", "secrets"), Permission("list", "pods", "other"), Permission("watch", "nodes", "*"))));

        Assert.Equal("redis-resource-configure-p", rights.Account);
        Assert.Equal(["Role", "RoleBinding", "ClusterRole", "RoleBinding", "ClusterRole", "ClusterRoleBinding"], rights.Objects[3..].Select(o => o.Type.Kind));
        Assert.Equal(["default", "default", null, "other", null, null], rights.Objects[3..].Select(o => o.Body["metadata"]!["namespace"]?.ToString()));
        Assert.Equal("kratix_all_namespaces", rights.Objects[^1].Body["metadata"]!["labels"]![Marks.ResourceNamespace]!.ToString());
        Assert.Equal("""[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]""", rights.Objects[3].Body["rules"]!.ToJsonString());
        Assert.All(rights.Objects.Where(o => o.Body["subjects"] is not null), o => Assert.Equal("default", o.Body["subjects"]![0]!["namespace"]!.ToString()));
        Assert.All(rights.Objects, o => Assert.InRange(o.Body["metadata"]!["name"]!.ToString().Length, 1, 63));
    }

    [Fact, Conformance("R65", "pipelineNamespace moves the runs there; their objects stay where they are.")]
    public void Pipeline_namespace_is_where_it_runs_and_its_object_is_reached_from_there()
    {
        var request = Request(Samples.Pipeline("p")) with { PipelineNamespace = "pipelines" };
        var rights = PipelineRights.Of(request);
        var plan = RunPlanner.Plan(request, Samples.Settings, new RunExchange(new InMemoryContentStore(), Samples.Settings));

        Assert.Equal(("pipelines", "default"), (plan.Namespace, plan.Labels[Marks.ResourceNamespace]));
        Assert.Null(plan.Owner);
        Assert.Contains("default", plan.PodName, StringComparison.Ordinal);
        Assert.Contains("ClusterRole /redis-resource-configure-p-default", Names(rights));
        Assert.Contains("Role pipelines/redis-resource-configure-p", Names(rights));
    }

    [Fact, Conformance("R55", "Default resources and security context apply to containers that set none, and are replaced as a whole by those that do.")]
    public void Defaults_of_the_platform_apply_to_containers_that_set_none()
    {
        var pipeline = Samples.Pipeline("p");
        pipeline["spec"]!["containers"]!.AsArray().Add(new JsonObject
        {
            ["name"] = "own", ["image"] = "i", ["resources"] = new JsonObject { ["limits"] = new JsonObject { ["memory"] = "1Gi" } }, ["securityContext"] = new JsonObject(),
        });
        var settings = Samples.Settings with
        {
            DefaultContainerResources = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "100m" } },
            DefaultSecurityContext = new JsonObject { ["runAsNonRoot"] = true },
        };
        var containers = RunPlanner.Plan(Request(pipeline), settings, new RunExchange(new InMemoryContentStore(), Samples.Settings)).Containers;

        Assert.Equal("""{"requests":{"cpu":"100m"}}""", containers[0]!["resources"]!.ToJsonString());
        Assert.Equal("""{"runAsNonRoot":true}""", containers[0]!["securityContext"]!.ToJsonString());
        Assert.Equal("""{"limits":{"memory":"1Gi"}}""", containers[1]!["resources"]!.ToJsonString());
        Assert.Equal("{}", containers[1]!["securityContext"]!.ToJsonString());
    }

    [Fact, Conformance("R58", "Permissions of the rbac section are made before the run, refreshed when it changes, and removed with the Promise.")]
    public void Permissions_follow_the_Promise()
    {
        var bed = EngineBed.WithPromise(promise: PromiseWith(WithRbac(Permission("get", "secrets"))));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        var before = Assert.Single(Granted(bed));

        bed.Patch(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = PromiseWith(WithRbac(Permission("list", "configmaps")))["spec"]!.DeepClone() });
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        var plan = bed.TakePlan();
        Assert.Equal("redis-resource-configure-p", plan.PodSpec!["serviceAccountName"]!.ToString());
        var after = Assert.Single(Granted(bed));
        Assert.NotEqual(before.Name(), after.Name());
        Assert.Equal("configmaps", after["rules"]![0]!["resources"]![0]!.ToString());

        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        bed.Delete(Kinds.Promise, null, "redis");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(bed.Get(Kinds.Promise, null, "redis"));
        Assert.Empty(Objects(bed, Kinds.Role).Concat(Objects(bed, Kinds.RoleBinding)).Concat(Objects(bed, Kinds.ServiceAccount)));
    }

    [Fact, Conformance("R59", "A ServiceAccount named in rbac.serviceAccount is used; one that a user owns is not modified.")]
    public void Own_account_is_used_and_left_as_it_is()
    {
        var pipeline = WithRbac();
        pipeline["spec"]!["rbac"]!["serviceAccount"] = "mine";
        var bed = EngineBed.WithPromise(promise: PromiseWith(pipeline));
        var mine = bed.Create(Kinds.ServiceAccount, "default", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "mine" } });
        bed.Request("a");

        Assert.Equal("mine", bed.TakePlan().PodSpec!["serviceAccountName"]!.ToString());
        bed.Delete(EngineBed.Redis, "default", "a");
        Assert.Equal(mine.ToJsonString(), bed.Get(Kinds.ServiceAccount, "default", "mine")!.ToJsonString());
    }

    private static IEnumerable<JsonObject> Granted(EngineBed bed) => Objects(bed, Kinds.Role).Where(r => r["metadata"]!["labels"]![PipelineRights.DigestLabel] is not null);

    private static IReadOnlyList<JsonObject> Objects(EngineBed bed, ResourceType type) =>
        Assert.IsType<Ports.Outcome<IReadOnlyList<JsonObject>>.Done>(bed.Kit.Settle(() => bed.Kubernetes.List(type, null, null, CancellationToken.None))).Value;

    private static JsonObject PromiseWith(JsonObject pipeline)
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray(pipeline);
        return promise;
    }

    private static JsonObject WithRbac(params JsonNode[] permissions)
    {
        var pipeline = Samples.Pipeline("p");
        pipeline["spec"]!["rbac"] = new JsonObject { ["permissions"] = new JsonArray(permissions) };
        return pipeline;
    }

    private static JsonObject Permission(string verb, string resource, string? ns = null)
    {
        var permission = new JsonObject { ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray(resource), ["verbs"] = new JsonArray(verb) };
        if (ns is not null)
            permission["resourceNamespace"] = ns;
        return permission;
    }

    private static IEnumerable<string> Names(PipelineRights rights) =>
        rights.Objects.Select(o => $"{o.Type.Kind} {o.Body["metadata"]!["namespace"]}/{o.Body["metadata"]!["name"]}");

    private static RunRequest Request(JsonObject pipeline, RunSubject? subject = null) =>
        new("0123456789abcdef0123456789abcdef", WorkflowAction.Configure, pipeline, subject ?? Subject, 1);
}
