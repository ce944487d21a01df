using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Entries;

/// <summary>Entries that are no Pipelines, run by the engine like those.</summary>
public sealed class EntryRunTests
{
    private const string Task =
        """
        apiVersion: tekton.dev/v1
        kind: Task
        metadata: {name: configure, labels: {team: blue}}
        spec:
          results: [{name: url}]
          steps:
            - {name: check, image: i, script: exit 1, onError: continue, results: [{name: digest}]}
            - {name: build, image: i, script: x, timeout: 5s}
        """;

    private const string Pod =
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: configure}
        spec:
          initContainers: [{name: first, image: i}]
          containers: [{name: left, image: i}, {name: right, image: i}]
          securityContext: {runAsUser: 7}
        """;

    [Theory]
    [InlineData(Task)]
    [InlineData(Pod)]
    [Conformance("K7", "Containers of a Pod and steps of a Task get the environment, account and labels of a Pipeline's.")]
    public void Containers_get_what_a_Pipelines_containers_get(string entry)
    {
        var bed = Bed(entry);
        bed.Request("a");
        var plan = bed.TakePlan();
        var pipeline = EngineBed.WithPromise();
        pipeline.Request("a");
        var wanted = pipeline.TakePlan();

        var wantedEnv = wanted.Containers[0]!["env"]!.ToJsonString();
        Assert.All(plan.Containers.Concat(plan.SideBySide), c => Assert.Equal(wantedEnv, c!["env"]!.ToJsonString()));
        Assert.Equal((string?)wanted.PodSpec!["serviceAccountName"], (string?)plan.PodSpec!["serviceAccountName"]);
        Assert.Equal(wanted.Labels, plan.Labels.Remove("team"));
        Assert.Equal(wanted.Owner!["name"]!.ToString(), plan.Owner!["name"]!.ToString());
    }

    [Fact]
    public void Results_and_exit_codes_of_a_Task_are_kept_with_its_run()
    {
        var bed = Bed(Task);
        bed.Request("a");
        bed.Complete(
            bed.TakePlan(), ("output/db.yaml", "x: 1\n"), ("results/url", "https://a\n"), ("results/.check", "1\n"), ("results/.check.digest", "abc"), ("results/undeclared", "x"),
            ("results/.build", "9\n"));

        Assert.Equal("Settled", bed.Phase("a"));
        var succeeded = bed.Event("a", "run-succeeded");
        Assert.Equal("""{"check/digest":"abc","url":"https://a\n"}""", succeeded["results"]!.ToJsonString());
        Assert.Equal([1, 0], succeeded["steps"]!.AsArray().Select(s => s!["exitCode"]!.GetValue<int>()));
        Assert.Contains("continued", succeeded["steps"]![0]!["reason"]!.ToString(), StringComparison.Ordinal);
        // What a Task wants users to see it writes into status.yaml.
        Assert.DoesNotContain("https://a", bed.Redis1("a").ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Exit_code_that_is_none_changes_nothing()
    {
        var bed = Bed(Task);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("results/.check", "-1"));

        Assert.Equal([0, 0], bed.Event("a", "run-succeeded")["steps"]!.AsArray().Select(s => s!["exitCode"]!.GetValue<int>()));
    }

    [Fact]
    public void Step_that_reached_its_timeout_is_named_with_it()
    {
        var bed = Bed(Task);
        bed.Request("a");
        var plan = bed.TakePlan();
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Finish(plan.Namespace, plan.PodName, RunPlan.TimedOut));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("container build did not end within its timeout of 5 s", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("K7", "A Pod's output is handed in when the last of its containers has ended.")]
    public void Writer_beside_other_containers_has_its_turn_when_they_have_ended()
    {
        var bed = Bed(Pod);
        bed.Request("a");
        var plan = bed.TakePlan();
        Assert.Equal(["first"], plan.Containers.Select(c => (string?)c!["name"]));
        Assert.Equal(["left", "right"], plan.SideBySide.Select(c => (string?)c!["name"]));
        var turn = bed.Engine.Exchange.Turn(plan.RunId, plan.ExchangeToken, CancellationToken.None);

        Steps(bed, plan, StepPhase.Succeeded, StepPhase.Succeeded, StepPhase.Running);
        Assert.False(turn.IsCompleted);
        Steps(bed, plan, StepPhase.Succeeded, StepPhase.Succeeded, StepPhase.Succeeded);
        Assert.IsType<Outcome<Nothing>.Done>(bed.Kit.Settle(() => turn));

        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Writer_beside_a_container_that_failed_hands_nothing_in()
    {
        var bed = Bed(Pod);
        bed.Request("a");
        var plan = bed.TakePlan();
        Steps(bed, plan, StepPhase.Succeeded, StepPhase.Failed, StepPhase.Running);

        var turn = Assert.IsType<Outcome<Nothing>.Terminal>(bed.Kit.Settle(() => bed.Engine.Exchange.Turn(plan.RunId, plan.ExchangeToken, CancellationToken.None)));
        Assert.Equal("container left failed, so nothing is handed in", turn.Reason);
    }

    [Fact]
    [Conformance("K7", "With restartPolicy OnFailure a Pod's failing container is started again in place, beside the others, and the output is handed in when all have ended well.")]
    public void Writer_beside_a_container_that_is_started_again_waits_for_it()
    {
        var bed = Bed(InPlace);
        bed.Request("a");
        var plan = bed.TakePlan();
        Assert.Equal("OnFailure", plan.PodSpec!["restartPolicy"]!.ToString());
        var turn = bed.Engine.Exchange.Turn(plan.RunId, plan.ExchangeToken, CancellationToken.None);
        foreach (var left in (StepPhase[])[StepPhase.Failed, StepPhase.Running, StepPhase.Failed])
        {
            bed.Report(plan, r => Again(r, left, left is StepPhase.Running ? 1 : 0));
            Assert.Equal((false, "Running"), (turn.IsCompleted, bed.Phase("a")));
        }

        bed.Report(plan, r => Again(r, StepPhase.Succeeded, 2));
        Assert.IsType<Outcome<Nothing>.Done>(bed.Kit.Settle(() => turn));
        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact]
    public void Container_beside_others_that_fails_in_place_to_the_limit_fails_the_run_and_its_Pod_goes()
    {
        var bed = Bed(InPlace);
        bed.Request("a");
        bed.Report(bed.TakePlan(), r => Again(r, StepPhase.Failed, 3));

        Assert.Equal("Failed", bed.Phase("a"));
        Assert.Empty(bed.Runner.Runs);
        Assert.Contains("container left exited with code 3, the last of 4 times in place", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);
    }

    private const string InPlace = Pod + "\n  restartPolicy: OnFailure";

    /// <summary>Its first container stands like this after so many restarts, the others have ended well.</summary>
    private static RunReport Again(RunReport report, StepPhase left, int restarts) => report with
    {
        Phase = RunPhase.Running, Restarts = restarts, RestartsInPlace = true,
        Steps =
        [
            .. report.Steps.Select(s => s.Name == "left"
                ? s with { Phase = left, ExitCode = left is StepPhase.Failed ? 3 : left is StepPhase.Succeeded ? 0 : null, Restarts = restarts }
                : s with { Phase = StepPhase.Succeeded, ExitCode = 0 }),
        ],
    };

    [Fact]
    public void Turn_of_another_run_or_of_one_not_taken_up_is_refused()
    {
        var bed = Bed(Pod);
        bed.Request("a");
        var plan = bed.TakePlan();
        Outcome<Nothing> Turn(string run, string token) => bed.Kit.Settle(() => bed.Engine.Exchange.Turn(run, token, CancellationToken.None));

        Assert.Equal(Refusal.Unauthorized, Assert.IsType<Outcome<Nothing>.Terminal>(Turn("another", plan.ExchangeToken)).Code);
        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<Nothing>.Terminal>(Turn("another", new RunExchange(bed.Journal, bed.Settings).TokenOf("another"))).Code);
    }

    [Fact]
    [Conformance("K7", "Pipelines, Pods and Tasks may be mixed in one workflow.")]
    public void Entries_of_all_kinds_run_in_their_order()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray(Named(Task, "one"), Samples.Pipeline("two"), Named(Pod, "three"));
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Request("a");
        foreach (var name in new[] { "one", "two", "three" })
        {
            var plan = bed.TakePlan();
            Assert.Equal(name, plan.Labels[Marks.PipelineName]);
            bed.Complete(plan, ($"output/{name}.yaml", "x: 1\n"));
        }

        Assert.Equal("Settled", bed.Phase("a"));
    }

    private static EngineBed Bed(string entry)
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray(Yaml.Parse(entry));
        return EngineBed.WithPromise(promise: promise);
    }

    private static JsonNode Named(string entry, string name)
    {
        var result = Yaml.Parse(entry)!;
        result["metadata"]!["name"] = name;
        return result;
    }

    private static void Steps(EngineBed bed, RunPlan plan, params StepPhase[] phases)
    {
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Report(plan.Namespace, plan.PodName, r => r with
        {
            Phase = RunPhase.Running,
            Steps = [.. r.Steps.Select((s, i) => s with { Phase = phases[i] })],
        }));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
    }
}
