using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class RunPlannerTests
{
    private static readonly RunSubject Request = new("redis", "Redis", "example.org", "v1", "redis", "default", "a", "uid-1");
    private static readonly RunSubject Promise = new("redis", "Promise", "platform.kratix.io", "v1alpha1", "promises", null, "redis", "uid-2");

    [Theory]
    [InlineData(WorkflowAction.Configure, "configure")]
    [InlineData(WorkflowAction.Delete, "delete")]
    [Conformance("K4", "Containers see the environment of both generations.")]
    public void Environment_has_both_generations_before_the_users_own(WorkflowAction action, string word)
    {
        var pipeline = Samples.Pipeline("p");
        pipeline["spec"]!["containers"]![0]!["env"] = new JsonArray(new JsonObject { ["name"] = "OWN", ["value"] = "1" });
        var env = Plan(Request, pipeline, action).Containers[0]!["env"]!.AsArray();
        string? Of(string name) => env.Single(e => e!["name"]!.ToString() == name)!["value"]?.ToString();

        Assert.Equal(word, Of("KRATIX_OPERATION"));
        Assert.Equal(word, Of("KRATIX_WORKFLOW_ACTION"));
        Assert.Equal("resource", Of("KRATIX_WORKFLOW_TYPE"));
        Assert.Equal("redis", Of("KRATIX_PROMISE_NAME"));
        Assert.Equal("p", Of("KRATIX_PIPELINE_NAME"));
        Assert.Equal("default", Of("KRATIX_OBJECT_NAMESPACE"));
        Assert.Equal("false", Of("KRATIX_CLUSTER_SCOPED"));
        Assert.Equal("OWN", env[^1]!["name"]!.ToString());
    }

    [Fact]
    public void Run_of_a_Promise_is_in_the_system_namespace_and_has_no_resource_label()
    {
        var plan = Plan(Promise, Samples.Pipeline("p"));

        Assert.Equal("kratix-platform-system", plan.Namespace);
        Assert.False(plan.Labels.ContainsKey(Marks.ResourceName));
        Assert.Equal("promise", plan.Labels[Marks.WorkflowType]);
    }

    [Fact]
    [Conformance("R51", "Labels of the Pipeline reach its Pod.")]
    public void Labels_of_the_Pipeline_are_added_and_cannot_take_over_ours()
    {
        var pipeline = Samples.Pipeline("p");
        pipeline["metadata"]!["labels"] = new JsonObject { ["team"] = "blue", [Marks.PromiseName] = "another" };
        var plan = Plan(Request, pipeline);

        Assert.Equal("blue", plan.Labels["team"]);
        Assert.Equal("redis", plan.Labels[Marks.PromiseName]);
        Assert.Equal("a", plan.Labels[Marks.ResourceName]);
    }

    [Fact]
    public void Owner_is_the_object_the_run_is_for()
    {
        var owner = Plan(Request, Samples.Pipeline("p")).Owner!;

        Assert.Equal(("example.org/v1", "Redis", "a", "uid-1"), (owner["apiVersion"]!.ToString(), owner["kind"]!.ToString(), owner["name"]!.ToString(), owner["uid"]!.ToString()));
    }

    [Fact]
    public void Deadline_is_the_Pipelines_own_else_the_settings_else_none()
    {
        var own = Samples.Pipeline("p");
        own["spec"]!["jobOptions"] = JsonNode.Parse("""{"activeDeadlineSeconds": 60}""");
        var settings = Samples.Settings with { RunDeadline = TimeSpan.FromMinutes(5) };

        Assert.Equal(60, Plan(Request, own, settings: settings).PodSpec!["activeDeadlineSeconds"]!.GetValue<long>());
        Assert.Equal(300, Plan(Request, Samples.Pipeline("p"), settings: settings).PodSpec!["activeDeadlineSeconds"]!.GetValue<long>());
        Assert.Null(Plan(Request, Samples.Pipeline("p")).PodSpec!["activeDeadlineSeconds"]);
    }

    [Fact]
    public void Pod_names_fit_and_differ_between_runs()
    {
        var longest = Request with { Promise = new string('p', 40), Name = new string('n', 63) };
        var one = Plan(longest, Samples.Pipeline(new string('x', 30)), runId: new string('1', 32)).PodName;
        var other = Plan(longest, Samples.Pipeline(new string('x', 30)), runId: new string('2', 32)).PodName;

        Assert.InRange(one.Length, 1, 63);
        Assert.NotEqual(one, other);
    }

    [Theory]
    [InlineData(null, 3, null)]
    [InlineData("Never", 3, "Never")]
    [InlineData("OnFailure", 3, "OnFailure")]
    [InlineData("OnFailure", 0, null)]
    [Conformance("R50", "restartPolicy of a Pipeline is that of its Pod, as long as there is a retry left.")]
    public void Restart_policy_is_the_Pipelines_own_while_it_may_be_tried_again(string? policy, int retries, string? inPod)
    {
        var pipeline = Samples.Pipeline("p");
        if (policy is not null)
            pipeline["spec"]!["restartPolicy"] = policy;

        Assert.Equal(inPod, Plan(Request, pipeline, retries: retries).PodSpec!["restartPolicy"]?.ToString());
    }

    private static RunPlan Plan(
        RunSubject subject, JsonObject pipeline, WorkflowAction action = WorkflowAction.Configure, EngineSettings? settings = null, string runId = "0123456789abcdef0123456789abcdef", int retries = 1) =>
        RunPlanner.Plan(new RunRequest(runId, action, pipeline, subject, 1) { Retries = retries }, settings ?? Samples.Settings, new RunExchange(new InMemoryContentStore(), Samples.Settings));
}
