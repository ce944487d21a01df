using System.Text;
using Kratix.Actors.Core;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Persistence;

/// <summary>What nobody refers to leaves the content store; what somebody may still ask for stays, and so does history.</summary>
public sealed class CompactionTests
{
    private static readonly EngineSettings Settings = Samples.Settings with
    {
        ReconcileInterval = TimeSpan.FromDays(30), Compaction = new CompactionSettings(TimeSpan.FromHours(1), TimeSpan.FromDays(1)),
    };

    [Fact, Conformance("K30", "Output that no object refers to any more leaves the store; history still tells which files there were.")]
    public void Output_that_was_replaced_goes_and_the_audit_still_tells_of_it()
    {
        var bed = EngineBed.WithPromise(Settings);
        Settle(bed, "a", "size: small\n");
        bed.Patch(EngineBed.Redis, "default", "a", new() { ["spec"] = new System.Text.Json.Nodes.JsonObject { ["size"] = "large" } });
        var replaced = bed.TakePlan();
        bed.Complete(replaced, ("output/db.yaml", "size: large\n"));
        Assert.NotNull(Content(bed, "size: small\n"));

        bed.Kit.Advance(TimeSpan.FromHours(26));

        Assert.Null(Content(bed, "size: small\n"));
        Assert.NotNull(Content(bed, "size: large\n"));
        Assert.Null(bed.Kit.Settle(() => bed.Journal.GetRun(replaced.RunId, CancellationToken.None)));
        Assert.Contains(Digest.Of(Encoding.UTF8.GetBytes("size: small\n")), Events(bed, "a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Promise_spec_that_a_request_still_runs_with_stays_and_runs()
    {
        var bed = EngineBed.WithPromise(Settings);
        Settle(bed, "a", "size: small\n");

        bed.Kit.Advance(TimeSpan.FromDays(3));
        var next = bed.Restarted(OnStart.Off);
        next.Patch(EngineBed.Redis, "default", "a", new() { ["spec"] = new System.Text.Json.Nodes.JsonObject { ["size"] = "large" } });

        next.Complete(next.TakePlan(), ("output/db.yaml", "size: large\n"));
        Assert.Equal("Settled", next.Phase("a"));
    }

    [Fact]
    public void Output_of_a_run_that_is_owed_stays_however_old()
    {
        var bed = EngineBed.WithPromise(Settings);
        bed.Request("a");
        var plan = bed.TakePlan();
        bed.Kit.Settle(() => bed.Engine.Exchange.Submit(plan.RunId, plan.ExchangeToken, Samples.Tar(("output/db.yaml", "late\n")), CancellationToken.None));

        bed.Kit.Advance(TimeSpan.FromDays(3));
        bed.Kit.Dispatcher.InContext(() => bed.Runner.Finish(plan.Namespace, plan.PodName, 0));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.NotNull(Content(bed, "late\n"));
    }

    [Fact]
    public void Compaction_that_breaks_off_goes_on_at_the_next_time_and_in_the_next_process()
    {
        var bed = EngineBed.WithPromise(Settings);
        for (var n = 0; n < 5; n++)
            bed.Kit.Settle(() => bed.Journal.Put(Encoding.UTF8.GetBytes($"nobody's {n}"), CancellationToken.None));
        var removed = 0;
        bed.Journal.Failing = (method, _) => method == nameof(IContentStore.Compact) && removed++ == 2 ? new JournalException("the process ends here") : null;

        bed.Kit.Advance(TimeSpan.FromHours(25.5));
        Assert.Equal(3, Enumerable.Range(0, 5).Count(n => Content(bed, $"nobody's {n}") is not null));
        var next = bed.Restarted(OnStart.Off);
        next.Kit.Advance(TimeSpan.FromHours(2));

        Assert.All(Enumerable.Range(0, 5), n => Assert.Null(Content(next, $"nobody's {n}")));
    }

    [Fact]
    public void State_that_cannot_be_read_stops_compaction_before_anything_is_removed()
    {
        var bed = EngineBed.WithPromise(Settings);
        bed.Kit.Settle(() => bed.Journal.Put(Encoding.UTF8.GetBytes("nobody's"), CancellationToken.None));
        bed.Journal.Failing = (method, _) => method == nameof(IJournal.Rows) ? new JournalException("corrupt page") : null;

        bed.Kit.Advance(TimeSpan.FromHours(30));
        Assert.NotNull(Content(bed, "nobody's"));
        bed.Journal.Failing = null;
        bed.Kit.Advance(TimeSpan.FromHours(2));

        Assert.Null(Content(bed, "nobody's"));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"", 1)]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1)]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855!e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856", 2)]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", 0)]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85500", 0)]
    public void Digests_of_a_text_are_found(string text, int count)
    {
        var found = new HashSet<string>();

        References.AddDigests(Encoding.UTF8.GetBytes(text), found);

        Assert.Equal(count, found.Count);
    }

    private static void Settle(EngineBed bed, string name, string output)
    {
        bed.Request(name);
        bed.Complete(bed.TakePlan(), ("output/db.yaml", output));
        Assert.Equal("Settled", bed.Phase(name));
    }

    private static byte[]? Content(EngineBed bed, string text) => bed.Kit.Settle(() => bed.Journal.Get(Digest.Of(Encoding.UTF8.GetBytes(text)), CancellationToken.None));

    private static string Events(EngineBed bed, string name) => bed.Kit.Settle(async () =>
    {
        var all = new StringBuilder();
        await foreach (var happened in bed.Journal.Events(new EntityKey(Shapes.Resource, $"redis/default/{name}"), 0, CancellationToken.None))
            all.Append(Encoding.UTF8.GetString(happened.Payload.Span));
        return all.ToString();
    });
}
