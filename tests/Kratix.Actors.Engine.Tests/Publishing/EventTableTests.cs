using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Publishing;

/// <summary>
/// Events with the reference's types and reasons, each at its moment. Those of Works and WorkPlacements are told of the object whose files they are. Not told at all, because
/// each would be a write for each request that goes well: <c>ReconcileStarted</c>, <c>AllWorkplacementsScheduled</c>, <c>WorkplacementReconciled</c>, <c>WorkloadsWrittenToStateStore</c>.
/// </summary>
public sealed class EventTableTests
{
    private static readonly EngineSettings OneAttempt = Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 0 } };

    private static readonly Dictionary<string, Func<EngineBed>> Moments = new(StringComparer.Ordinal)
    {
        ["installed"] = () => EngineBed.WithPromise(),
        ["configured"] = () => Configured(),
        ["a long run"] = () => LongRun(),
        ["a failed promise Pipeline"] = () => Failed(),
        ["a missing requirement"] = () => Requiring(null),
        ["a requirement that is not available"] = () => Requiring(Base(available: false)),
        ["a requirement that comes and goes"] = () => ComesAndGoes(),
        ["a changed spec"] = () => Change(EngineBed.WithPromise(), new JsonObject { ["spec"] = new JsonObject { ["workflows"] = null } }),
        ["reconcile-resources"] = () => Change(EngineBed.WithPromise(), Label("kratix.io/reconcile-resources")),
        ["a pause"] = () => Change(EngineBed.WithPromise(), Label("kratix.io/paused")),
        ["a suspension"] = () => Suspended(),
        ["a run that is ended for another"] = () => Stopped(),
        ["a failed delete Pipeline"] = () => FailedDelete(),
        ["a store that is away"] = () => Away(backAgain: false),
        ["a store that is back"] = () => Away(backAgain: true),
        ["a Destination that loses its labels"] = () => Misplaced(),
        ["a request"] = () => Settled(),
        ["a failed request"] = () => RequestFailed(),
        ["a paused request"] = () => Marked("kratix.io/paused"),
        ["a request that is run again while it runs"] = () => Marked("kratix.io/manual-reconciliation"),
        ["a suspended request"] = () => RequestSuspended(),
        ["a request that no Destination takes"] = () => Unscheduled(),
        ["a failed deletion of a request"] = () => RequestDeleteFails(),
        ["a request whose store is away"] = () => RequestAway(),
    };

    [Theory]
    [InlineData("installed", "Promise", "Normal RevisionCreated", "Normal Available")]
    [InlineData("configured", "Promise", "Normal ConfigureWorkflowCompleted", "Normal ReconcileSucceeded")]
    [InlineData("a long run", "Promise", "Normal PipelineStarted")]
    [InlineData("a failed promise Pipeline", "Promise", "Normal PipelineStarted", "Warning ConfigureWorkflowFailed")]
    [InlineData("a missing requirement", "Promise", "Normal RequirementsNotInstalled")]
    [InlineData("a requirement that is not available", "Promise", "Normal RequirementsNotAvailable")]
    [InlineData("a requirement that comes and goes", "Promise", "Normal RequirementsFulfilled", "Normal Available", "Warning Unavailable", "Normal RequirementsNotInstalled")]
    [InlineData("a changed spec", "Promise", "Normal ReconcilingResources")]
    [InlineData("reconcile-resources", "Promise", "Normal ReconcilingResources")]
    [InlineData("a pause", "Promise", "Warning PausedReconciliation", "Warning Unavailable")]
    [InlineData("a suspension", "Promise", "Warning WorkflowSuspended")]
    [InlineData("a run that is ended for another", "Promise", "Normal PipelineSuspended")]
    [InlineData("a failed delete Pipeline", "Promise", "Warning Failed Pipeline")]
    [InlineData("a store that is away", "Promise", "Warning FailedWriteToDestination", "Warning WorksFailing")]
    [InlineData("a store that is back", "Promise", "Warning WorksFailing", "Normal WorksSucceeded")]
    [InlineData("a Destination that loses its labels", "Promise", "Warning WorksMisplaced")]
    [InlineData("a request", "Redis", "Normal ReconcileSucceeded")]
    [InlineData("a failed request", "Redis", "Normal PipelineStarted", "Warning ConfigureWorkflowFailed")]
    [InlineData("a paused request", "Redis", "Warning PausedReconciliation")]
    [InlineData("a request that is run again while it runs", "Redis", "Normal PipelineSuspended")]
    [InlineData("a suspended request", "Redis", "Warning WorkflowSuspended")]
    [InlineData("a request that no Destination takes", "Redis", "Normal NoMatchingDestination")]
    [InlineData("a failed deletion of a request", "Redis", "Warning Failed Pipeline")]
    [InlineData("a request whose store is away", "Redis", "Warning FailedWriteToDestination", "Warning WorksFailing")]
    [Conformance("K3", "Events keep the reference's types and reasons.")]
    [Conformance("R123", "What happens to a Promise and its requests is told in Events with the reference's types and reasons.")]
    public void Moment_is_told_with_the_reference_s_words(string moment, string kind, params string[] told)
    {
        var bed = Moments[moment]();
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        var events = bed.Told(kind, kind == "Promise" ? "redis" : "a");
        Assert.Equal(told, told.Where(events.Contains));
        Assert.Equal(told, events.Where(told.Contains).Distinct());
    }

    private static EngineBed Configured()
    {
        var bed = EngineBed.WithPromise(promise: Configuring());
        bed.Complete(bed.TakePlan(), ("output/operator.yaml", "x: 1\n"));
        return bed;
    }

    private static EngineBed LongRun()
    {
        var bed = EngineBed.WithPromise(promise: Configuring());
        bed.Kit.Advance(TimeSpan.FromSeconds(10));
        return bed;
    }

    private static EngineBed Failed()
    {
        var bed = EngineBed.WithPromise(OneAttempt, Configuring());
        bed.Fail(bed.TakePlan());
        return bed;
    }

    private static EngineBed Requiring(JsonObject? required)
    {
        var promise = Samples.Promise();
        promise["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = "base" });
        var bed = EngineBed.WithPromise(promise: promise);
        if (required is not null)
            bed.Create(Kinds.Promise, null, required);
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        return bed;
    }

    private static EngineBed ComesAndGoes()
    {
        var bed = Requiring(Base(available: true));
        bed.Delete(Kinds.Promise, null, "base");
        bed.Kit.Advance(TimeSpan.FromSeconds(3));
        // The first Event of this reason is that of its beginning, without the requirement.
        foreach (var first in bed.List(Kinds.Event).Where(e => e["reason"]!.ToString() == "RequirementsNotInstalled").Take(1))
            bed.Delete(Kinds.Event, first.Namespace(), first.Name());
        return bed;
    }

    private static EngineBed Suspended()
    {
        var bed = EngineBed.WithPromise(promise: Configuring());
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true\n"));
        return bed;
    }

    private static EngineBed Stopped()
    {
        var bed = EngineBed.WithPromise(promise: Configuring());
        return Change(bed, Label("kratix.io/manual-reconciliation"));
    }

    private static EngineBed FailedDelete()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["delete"] = new JsonArray(Samples.Pipeline("teardown")) };
        var bed = EngineBed.WithPromise(OneAttempt, promise);
        bed.Delete(Kinds.Promise, null, "redis");
        bed.Fail(bed.TakePlan());
        return bed;
    }

    private static EngineBed Away(bool backAgain)
    {
        var bed = EngineBed.WithPromise(promise: Configuring());
        bed.Git.FailWith = ("the store is away", null);
        bed.Complete(bed.TakePlan(), ("output/operator.yaml", "x: 1\n"));
        if (!backAgain)
            return bed;
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        return bed;
    }

    private static EngineBed Misplaced()
    {
        var promise = Configuring();
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "dev" } });
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Complete(bed.TakePlan(), ("output/operator.yaml", "x: 1\n"));
        bed.Patch(Kinds.Destination, null, "worker", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["environment"] = "prod" } } });
        return bed;
    }

    private static EngineBed Settled()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        return bed;
    }

    private static EngineBed RequestFailed()
    {
        var bed = EngineBed.WithPromise(OneAttempt);
        bed.Request("a");
        bed.Fail(bed.TakePlan());
        return bed;
    }

    private static EngineBed Marked(string mark)
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        var plan = bed.TakePlan();
        bed.Patch(EngineBed.Redis, "default", "a", Label(mark));
        if (mark == "kratix.io/paused")
            bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        return bed;
    }

    private static EngineBed RequestSuspended()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("metadata/workflow-control.yaml", "suspend: true\n"));
        return bed;
    }

    private static EngineBed Unscheduled()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"), ("metadata/destination-selectors.yaml", "- matchLabels: { environment: nowhere }\n"));
        return bed;
    }

    private static EngineBed RequestDeleteFails()
    {
        var bed = EngineBed.WithPromise(OneAttempt, Samples.Promise(withDelete: true));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Delete(EngineBed.Redis, "default", "a");
        bed.Fail(bed.TakePlan());
        return bed;
    }

    private static EngineBed RequestAway()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Git.FailWith = ("the store is away", null);
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        return bed;
    }

    private static EngineBed Change(EngineBed bed, JsonObject patch)
    {
        bed.Patch(Kinds.Promise, null, "redis", patch);
        return bed;
    }

    private static JsonObject Label(string mark) => new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [mark] = "true" } } };

    private static JsonObject Configuring()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("setup")) };
        return promise;
    }

    private static JsonObject Base(bool available)
    {
        var spec = new JsonObject();
        if (!available)
            spec["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = "nobody" });
        return new JsonObject { ["metadata"] = new JsonObject { ["name"] = "base" }, ["spec"] = spec };
    }
}
