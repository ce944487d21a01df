using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What a request tells its owner, while it is worked on and afterwards.</summary>
public sealed class StatusTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R70", "ConfigureWorkflowCompleted goes from False to True, so that kubectl wait can be used with it.")]
    [Conformance("R71", "The message is Pending while a run is under way and Resource requested at its end, unless a Pipeline sets one.")]
    [Conformance("R72", "The counters workflows, workflowsSucceeded and workflowsFailed are right during and after a run.")]
    [Conformance("R73", "Each Pipeline's phase is shown, from Pending over Running to Succeeded, with the time of the last change.")]
    [Conformance("R74", "observedGeneration is the generation after a run.")]
    [Conformance("R75", "lastSuccessfulConfigureWorkflowTime is the time at which ConfigureWorkflowCompleted became True.")]
    [Conformance("R76", "WorksSucceeded and Reconciled follow the workflow and the Works: Unknown and Pending while either is under way, True when both are done.")]
    public async Task Status_tells_the_run_while_it_goes_and_when_it_is_done()
    {
        var corner = await shared.Corner("telling");
        // A state that passes within a second or so is not published; these last long enough to be seen.
        await corner.Install(corner.Promise([Manifests.Pipeline("one", "sleep 4; echo 'a: 1' > /kratix/output/a.yaml"), Manifests.Pipeline("two", "sleep 4; echo 'b: 1' > /kratix/output/b.yaml")]));
        var watching = corner.Kubectl.History(corner.Things, "a", "is Reconciled", thing => thing.IsReconciled());
        await corner.Request("a");
        await corner.Kubectl.WaitFor("ConfigureWorkflowCompleted", $"{corner.Things}/a");
        var history = await watching;

        var told = history.Where(h => h["status"] is not null).ToList();
        var running = told.Where(h => h.Has("ConfigureWorkflowCompleted", "False")).ToList();
        Assert.NotEmpty(running);
        Assert.All(running, h =>
        {
            Assert.Equal(new Condition("False", "PipelinesInProgress", "Pipelines are still in progress"), h.Condition("ConfigureWorkflowCompleted"));
            Assert.Equal(new Condition("Unknown", "WorkflowPending", "Pending"), h.Condition("Reconciled"));
            Assert.Equal("Pending", h.Text("status.message"));
            Assert.Equal((2, 0), (h.Number("status.workflows"), h.Number("status.workflowsFailed")));
            Assert.Equal(Phases(h).Count(phase => phase == "Succeeded"), h.Number("status.workflowsSucceeded"));
        });
        Assert.Contains(running, h => Phases(h) is ["Running", "Pending"]);
        Assert.Contains(running, h => Phases(h) is ["Succeeded", "Running"]);

        var end = history[^1];
        Assert.Equal(["Succeeded", "Succeeded"], Phases(end));
        Assert.All(end.At("status.kratix.workflows.pipelines")!.AsArray(), p => Assert.NotNull(p!["lastTransitionTime"]));
        Assert.Equal("Resource requested", end.Text("status.message"));
        Assert.Equal((2, 2, 0), (end.Number("status.workflows"), end.Number("status.workflowsSucceeded"), end.Number("status.workflowsFailed")));
        Assert.Equal(end.Number("metadata.generation"), end.Number("status.observedGeneration"));
        Assert.Equal(new Condition("True", "PipelinesExecutedSuccessfully", "Pipelines completed"), end.Condition("ConfigureWorkflowCompleted"));
        Assert.Equal(new Condition("True", "WorksSucceeded", "All works associated with this resource are ready"), end.Condition("WorksSucceeded"));
        Assert.Equal(new Condition("True", "Reconciled", "Reconciled"), end.Condition("Reconciled"));
        var completed = end.At("status.conditions")!.AsArray().Single(c => c.Text("type") == "ConfigureWorkflowCompleted").Text("lastTransitionTime");
        Assert.Equal(completed, end.Text("status.lastSuccessfulConfigureWorkflowTime"));
        Assert.Equal(completed, end.Text("status.kratix.workflows.lastSuccessfulConfigureWorkflowTime"));
    }

    [Fact]
    [Conformance("R67", "Keys of status.yaml appear in the request's status, and kubectl get shows its message.")]
    [Conformance("R71", "A message that a Pipeline sets stays.")]
    public async Task Keys_of_status_yaml_reach_the_request_and_kubectl_get()
    {
        var corner = await shared.Corner("telltale");
        await corner.Install("printf 'message: ready to use\\nconnection:\\n  host: db.example\\n  port: 5432\\n' > /kratix/metadata/status.yaml");
        await corner.Request("a");
        var thing = await corner.Reconciled("a");
        Assert.Equal(("ready to use", "db.example", 5432), (thing.Text("status.message"), thing.Text("status.connection.host"), thing.Number("status.connection.port")));
        var table = (await corner.Kubectl.Run("get", corner.Things, "a")).Split('\n');
        Assert.Contains("MESSAGE", table[0], StringComparison.Ordinal);
        Assert.Contains("STATUS", table[0], StringComparison.Ordinal);
        Assert.Contains("ready to use", table[1], StringComparison.Ordinal);
        Assert.Contains("Reconciled", table[1], StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("K22", "Reconciled means written and acknowledged: the commit that the status names is on the branch, with the files, and so is the Destination.")]
    [Conformance("R108", "A WorkPlacement's versionID is the id of its commit, and WriteSucceeded is True once it is there.")]
    public async Task Reconciled_names_a_commit_that_is_in_the_repository()
    {
        var corner = await shared.Corner("proof");
        await corner.Install("echo 'a: 1' > /kratix/output/a.yaml");
        await corner.Request("a");
        var thing = await corner.Reconciled("a");
        var commit = thing.Text("status.kratix.placements.0.commit")!;
        Assert.Equal("a: 1\n", await corner.Repository.Git("show", $"{commit}:{corner.FilesOf("a")}/a.yaml"));
        Assert.Contains(commit, (await corner.Repository.Commits()).Select(c => c.Id));
        Assert.Equal(corner.Name, thing.Text("status.kratix.destination"));

        var placement = await corner.Kubectl.UntilAny("workplacements", "says that it is written", w => w.Text("spec.promiseName") == corner.Name && w.Has("WriteSucceeded"));
        Assert.Equal(commit, placement.Text("status.versionID"));
        Assert.Equal(new Condition("True", "WorkloadsWrittenToStateStore", "Workloads written to State Store"), placement.Condition("WriteSucceeded"));
        Assert.Equal(corner.Name, placement.Text("spec.targetDestinationName"));
    }

    private static string[] Phases(JsonObject thing) => [.. thing.At("status.kratix.workflows.pipelines")?.AsArray().Select(p => p.Text("phase")!) ?? []];
}
