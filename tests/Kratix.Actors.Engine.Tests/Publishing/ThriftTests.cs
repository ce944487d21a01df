using Kratix.Actors.Engine.Tests.Support;

namespace Kratix.Actors.Engine.Tests.Publishing;

/// <summary>What a request costs the API server, whose capacity bounds how many requests there can be.</summary>
public sealed class ThriftTests
{
    [Fact]
    public void Request_that_is_pushed_at_once_costs_two_statuses_and_one_write_of_each_read_model()
    {
        var bed = EngineBed.WithPromise();
        var patches = Patches(bed);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));

        Assert.Equal("True", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));
        Assert.Equal(3, patches.Count(p => p == "Redis"));
        Assert.Equal(2, patches.Count(p => p == "Work"));
        Assert.Equal(2, patches.Count(p => p == "WorkPlacement"));
    }

    [Fact]
    public void Push_that_takes_long_is_shown_while_it_lasts_and_its_end_at_once()
    {
        var bed = EngineBed.WithPromise();
        var pushed = new TaskCompletionSource();
        bed.Git.BeforeWrite = _ => pushed.Task;
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        var placement = bed.State("a").Works.Placements.Single();
        Assert.Equal("Pending", bed.Redis1("a")["status"]!["kratix"]!["placements"]![0]!["state"]!.ToString());
        Assert.Equal("False", EngineBed.Condition(bed.Get(Kinds.WorkPlacement, "default", placement.Name)!, "Ready"));

        bed.Kit.Dispatcher.InContext(pushed.SetResult);
        bed.Kit.Run();
        Assert.Equal("Written", bed.Redis1("a")["status"]!["kratix"]!["placements"]![0]!["state"]!.ToString());
        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.WorkPlacement, "default", placement.Name)!, "Ready"));
    }

    [Fact]
    public void Observation_of_what_the_engine_wrote_itself_leads_to_no_further_write()
    {
        var bed = EngineBed.WithPromise();
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "size: small\n"));
        var patches = Patches(bed);
        bed.Kubernetes.Interrupt("a new connection lists everything again");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(patches);
    }

    private static List<string> Patches(EngineBed bed)
    {
        var patches = new List<string>();
        bed.Kubernetes.Fail = (verb, type, _) =>
        {
            if (verb == "patch")
                patches.Add(type.Kind);
            return null;
        };
        return patches;
    }
}
