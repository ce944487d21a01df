using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

/// <summary>How long the Pods of finished runs stay.</summary>
public sealed class PodExpiryTests
{
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);

    [Fact, Conformance("R64", "Pods of finished runs are removed after the configured time; what the run achieved stays.")]
    public void Pod_of_a_finished_run_goes_when_its_time_has_passed()
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { PodTtl = TimeSpan.FromMinutes(10) });
        var plan = Finished(bed, "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(9));
        Assert.True(IsThere(plan));

        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.False(IsThere(plan));
        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Empty(bed.Plans);
    }

    [Fact]
    public void Pods_stay_when_no_time_is_set()
    {
        var bed = EngineBed.WithPromise();
        var plan = Finished(bed, "a");

        bed.Kit.Advance(TimeSpan.FromHours(9));

        Assert.True(IsThere(plan));
    }

    [Fact, Conformance("R64", "Their time is counted from their end, also over a restart of the engine.")]
    public void Time_of_a_Pod_goes_on_while_the_engine_is_away()
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { PodTtl = TimeSpan.FromMinutes(10) });
        var plan = Finished(bed, "a");
        bed.Kit.Advance(TimeSpan.FromMinutes(5));

        var next = bed.Restarted(OnStart.Off, () =>
        {
            bed.Kit.Time.Advance(TimeSpan.FromMinutes(5));
            return Task.CompletedTask;
        });
        next.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.False(IsThere(plan));
    }

    [Fact]
    public void Pod_whose_end_is_not_stored_yet_stays_however_old_it_is()
    {
        var bed = EngineBed.WithPromise(Samples.Settings with { PodTtl = TimeSpan.FromSeconds(10) });
        bed.Request("a");
        var plan = bed.TakePlan();
        Ended(bed, plan);
        bed.Kit.Advance(TimeSpan.FromMinutes(5));
        Assert.True(IsThere(plan));

        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.False(IsThere(plan));
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact, Conformance("R64", "The ConfigMap's podTTLSecondsAfterFinished sets it while the platform runs.")]
    public void ConfigMap_sets_the_time_while_the_engine_runs()
    {
        var bed = EngineBed.WithPromise();
        var plan = Finished(bed, "a");
        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "kratix", ["namespace"] = Kinds.SystemNamespace },
            ["data"] = new JsonObject { ["config"] = "workflows: {jobOptions: {podTTLSecondsAfterFinished: 30}}" },
        });

        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.False(IsThere(plan));
    }

    private RunPlan Finished(EngineBed bed, string name)
    {
        bed.Request(name);
        var plan = bed.TakePlan();
        Ended(bed, plan);
        bed.Complete(plan, ("output/db.yaml", "x: 1\n"));
        return plan;
    }

    /// <summary>The API server shows the run's Pod as ended now.</summary>
    private void Ended(EngineBed bed, RunPlan plan)
    {
        bed.Create(Kinds.Pod, plan.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = plan.PodName,
                ["labels"] = new JsonObject(plan.Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
                ["annotations"] = new JsonObject { [RunPlan.RunIdAnnotation] = plan.RunId },
            },
        });
        var ended = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = 0, ["finishedAt"] = bed.Kit.Time.GetUtcNow().ToString("o", CultureInfo.InvariantCulture) } };
        var status = new JsonObject { ["phase"] = "Succeeded", ["containerStatuses"] = new JsonArray(new JsonObject { ["name"] = "writer", ["state"] = ended }) };
        bed.Kit.Settle(() => bed.Kubernetes.Patch(Kinds.Pod, plan.Namespace, plan.PodName, PatchKind.Merge, new JsonObject { ["status"] = status }, "status", CancellationToken.None));
        bed.Runner.Fail = (verb, pod) =>
        {
            if (verb == "remove")
                _removed.Add(pod);
            return null;
        };
    }

    private bool IsThere(RunPlan plan) => !_removed.Contains(plan.PodName);
}
