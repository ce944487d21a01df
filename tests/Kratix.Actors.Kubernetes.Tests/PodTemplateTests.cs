using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class PodTemplateTests
{
    private static readonly PodRunnerOptions Options = new() { AdapterImage = "adapter:v1" };

    private static RunPlan Plan(string containers = """[{"name":"one","image":"i","volumeMounts":[{"name":"extra","mountPath":"/extra"}]},{"name":"two","image":"i"}]""") => new(
        "run-1", "team", "pod-1", ImmutableSortedDictionary<string, string>.Empty, ImmutableSortedDictionary<string, string>.Empty, JsonNode.Parse(containers)!.AsArray(), [], null, null, JsonNode.Parse("""[{"name":"KRATIX_OPERATION","value":"configure"}]""")!.AsArray(),
        "http://engine/runs/1", "run-token");

    private static JsonNode Spec(RunPlan plan) => PodTemplate.Build(plan, Options)["spec"]!;

    [Fact]
    public void Containers_run_one_after_the_other_between_reader_and_writer()
    {
        var spec = Spec(Plan());
        Assert.Equal(["reader", "one", "two"], spec["initContainers"]!.AsArray().Select(c => (string?)c!["name"]));
        Assert.Equal("writer", (string?)Assert.Single(spec["containers"]!.AsArray())!["name"]);
        Assert.Equal("Never", (string?)spec["restartPolicy"]);
    }

    [Fact]
    public void User_containers_see_the_three_directories_the_object_read_only_and_their_own_mounts()
    {
        var mounts = Spec(Plan())["initContainers"]![1]!["volumeMounts"]!.AsArray().Select(m => $"{m!["name"]}:{m["mountPath"]}:{m["subPath"]}:{m["readOnly"]}");
        Assert.Equal(
            [
                "shared-input:/kratix/input::", "shared-output:/kratix/output::", "shared-metadata:/kratix/metadata::",
                "kratix-object:/kratix/input/object.yaml:object.yaml:true", "extra:/extra::",
            ],
            mounts);
    }

    [Fact]
    public void Only_built_in_containers_get_the_token_and_they_get_it_outside_their_arguments()
    {
        var spec = Spec(Plan());
        foreach (var builtIn in (JsonNode[])[spec["initContainers"]![0]!, spec["containers"]![0]!])
        {
            Assert.Equal(["KRATIX_OPERATION", "KRATIX_RUN_URL", "KRATIX_RUN_TOKEN"], builtIn["env"]!.AsArray().Select(e => (string?)e!["name"]));
            Assert.DoesNotContain("run-token", builtIn["args"]!.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("run-token", spec["initContainers"]![1]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Built_in_containers_are_not_root_and_may_do_nothing()
    {
        var context = Spec(Plan())["containers"]![0]!["securityContext"]!;
        Assert.True((bool?)context["runAsNonRoot"]);
        Assert.True((bool?)context["readOnlyRootFilesystem"]);
        Assert.False((bool?)context["allowPrivilegeEscalation"]);
        Assert.Equal("""["ALL"]""", context["capabilities"]!["drop"]!.ToJsonString());
        Assert.Equal("RuntimeDefault", (string?)context["seccompProfile"]!["type"]);
    }

    [Fact]
    public void User_container_called_reader_keeps_its_name()
    {
        var spec = Spec(Plan("""[{"name":"reader","image":"i"},{"name":"writer","image":"i"}]"""));
        Assert.Equal(["kratix-reader", "reader", "writer"], spec["initContainers"]!.AsArray().Select(c => (string?)c!["name"]));
        Assert.Equal("kratix-writer", (string?)spec["containers"]![0]!["name"]);
    }

    [Fact]
    public void Pipeline_may_choose_what_concerns_its_pod()
    {
        var plan = Plan() with
        {
            PodSpec = new JsonObject { ["restartPolicy"] = "OnFailure", ["serviceAccountName"] = "sa", ["activeDeadlineSeconds"] = 60 },
            Volumes = [new JsonObject { ["name"] = "extra", ["configMap"] = new JsonObject { ["name"] = "c" } }],
            Owner = new JsonObject { ["kind"] = "Promise" },
            Labels = Plan().Labels.Add("team", "a").Add("app.kubernetes.io/managed-by", "somebody"),
            Annotations = Plan().Annotations.Add("note", "x"),
        };
        var pod = PodTemplate.Build(plan, Options);
        Assert.Equal(("OnFailure", "sa", 60), ((string?)pod["spec"]!["restartPolicy"], (string?)pod["spec"]!["serviceAccountName"], (int?)pod["spec"]!["activeDeadlineSeconds"]));
        Assert.Contains(pod["spec"]!["volumes"]!.AsArray(), v => (string?)v!["name"] == "extra");
        Assert.Equal("""{"app.kubernetes.io/managed-by":"Kratix","team":"a"}""", pod["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal("""{"note":"x","kratix.io/run-id":"run-1"}""", pod["metadata"]!["annotations"]!.ToJsonString());
        Assert.Equal("Promise", (string?)pod["metadata"]!["ownerReferences"]![0]!["kind"]);
    }

    [Fact]
    public void Secret_for_the_registry_of_the_adapter_goes_before_those_of_the_pipeline()
    {
        var plan = Plan() with { PodSpec = new JsonObject { ["imagePullSecrets"] = new JsonArray(new JsonObject { ["name"] = "own" }) } };
        Assert.Equal("""[{"name":"platform"},{"name":"own"}]""", PodTemplate.Build(plan, Options with { PullSecret = "platform" })["spec"]!["imagePullSecrets"]!.ToJsonString());
        Assert.Null(Spec(Plan())["imagePullSecrets"]);
    }

    [Fact]
    public void Containers_side_by_side_have_a_writer_beside_them_that_waits_for_their_end()
    {
        var spec = Spec(Plan("""[{"name":"one","image":"i"}]""") with { SideBySide = JsonNode.Parse("""[{"name":"left","image":"i"},{"name":"writer","image":"i"}]""")!.AsArray() });
        Assert.Equal(["reader", "one"], spec["initContainers"]!.AsArray().Select(c => (string?)c!["name"]));
        Assert.Equal(["left", "writer", "kratix-writer"], spec["containers"]!.AsArray().Select(c => (string?)c!["name"]));
        Assert.Equal("""["pipeline-adapter","write-last"]""", spec["containers"]![2]!["args"]!.ToJsonString());
        Assert.Equal(Mounts(spec["initContainers"]![1]!), Mounts(spec["containers"]![0]!));
        Assert.Contains("shared-output:/kratix/output:", Mounts(spec["containers"]![0]!));
    }

    [Fact]
    public void Plan_with_results_has_a_directory_for_them_that_the_writer_reads()
    {
        var spec = Spec(Plan() with { ResultFiles = ["url"] });
        Assert.Contains(spec["volumes"]!.AsArray(), v => (string?)v!["name"] == "shared-results");
        Assert.Contains("shared-results:/tekton/results:", Mounts(spec["initContainers"]![1]!));
        Assert.Equal(["shared-output:/kratix/output:true", "shared-metadata:/kratix/metadata:true", "shared-results:/kratix/results:true"], Mounts(spec["containers"]![0]!));
        Assert.DoesNotContain("shared-results", Spec(Plan()).ToJsonString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Mounts(JsonNode container) => container["volumeMounts"]!.AsArray().Select(m => $"{m!["name"]}:{m["mountPath"]}:{m["readOnly"]}");

    [Theory]
    [InlineData("shared-output", """[{"name":"one"}]""", "a volume cannot be named \"shared-output\"")]
    [InlineData("extra", "[]", "has no containers")]
    [InlineData("extra", """[{"name":"one"},{"name":"one"}]""", "two containers are named \"one\"")]
    public async Task Plan_that_makes_no_pod_is_refused_for_its_author(string volume, string containers, string expected)
    {
        var kubernetes = new FakeKubernetes(TimeProvider.System);
        var plan = Plan(containers) with { Volumes = [new JsonObject { ["name"] = volume }] };
        var refused = Assert.IsType<Outcome<RunReport>.Terminal>(await new PodRunner(kubernetes, kubernetes, Options).CreateOrAdopt(plan, default));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains(expected, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(0, kubernetes.Writes);
    }

    [Fact]
    public async Task Pod_of_somebody_else_under_the_name_is_not_adopted()
    {
        var kubernetes = new FakeKubernetes(TimeProvider.System);
        await kubernetes.Create(KnownTypes.Pod, "team", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "pod-1" } }, default);
        var refused = Assert.IsType<Outcome<RunReport>.Terminal>(await new PodRunner(kubernetes, kubernetes, Options).CreateOrAdopt(Plan(), default));
        Assert.Contains("was not made by this program", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_is_away_makes_creation_transient()
    {
        var kubernetes = new FakeKubernetes(TimeProvider.System) { Fail = (_, _, _) => new Outcome<Nothing>.Transient("away") };
        Assert.Equal("away", Assert.IsType<Outcome<RunReport>.Transient>(await new PodRunner(kubernetes, kubernetes, Options).CreateOrAdopt(Plan(), default)).Reason);
    }
}
