using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Golden;

/// <summary>
/// Events are stored for ever: what one version wrote, every later one reads. A file here is never changed. A type that gains a field gets a
/// default for it and a second file; <c>UPDATE_SCENARIOS=1</c> writes files that are missing and no others.
/// </summary>
public sealed class EventFormatTests
{
    private static readonly DateTimeOffset At = Given.Start.AddMilliseconds(1500);
    internal static readonly PromiseRevision Revision = Given.Revision(Given.Plan("configure", "cleanup"), "r1", Given.Selector("environment:dev")) with { ReconcileAfterFailure = false };

    internal static readonly Work Work = Placing.Place(
        Given.Id.Owner, "configure",
        Placing.Group(
            [Given.File("cm.yaml"), Given.File("far/deployment.yaml")], [new SelectorEntry("far", Given.Labels("environment:prod"))], Revision.Selectors,
            SelectorSource.ResourceWorkflow),
        Works.None, [Given.Destination("worker-1", "environment:dev")]);

    private static readonly ResourceEvent[] ResourceEvents =
    [
        new ResourceEvent.Observed(Given.Request(), Revision, true, At),
        new ResourceEvent.RunSucceeded("0123456789abcdef", "configure", Given.Steps(0), """{"endpoint":"redis:6379"}""", Work, At.AddHours(10), At),
        new ResourceEvent.RunSuperseded("0123456789abcdef", "configure", Given.Steps(0), At),
        new ResourceEvent.RunFailed("0123456789abcdef", "configure", 1, Given.Steps(1), "container main exited with code 1", At.AddSeconds(10), At.AddHours(10), At),
        new ResourceEvent.RunSuspended("0123456789abcdef", "configure", Given.Steps(0), """{"endpoint":"redis:6379"}""", "the database is not ready", At.AddSeconds(30), At),
        new ResourceEvent.RetryStarted(At),
        new ResourceEvent.RunRequested(RunCause.Restart, "start-1", At),
        new ResourceEvent.Placed([Work], At),
        new ResourceEvent.PlacementsJudged([Work], ["redis-example-configure-00000.worker-2-5058f"], At),
        new ResourceEvent.Rescheduled([Work], [], At),
        new ResourceEvent.PlacementWritten("redis-example-configure-00000.worker-1-5058f", "1.abc", "c0ffee", true, At),
        new ResourceEvent.PlacementFailed("redis-example-configure-00000.worker-1-5058f", "1.abc", "push rejected", At),
        new ResourceEvent.PlacementLeft("redis-example-configure-00000.worker-1-5058f", "-1.abc", "GitStateStore/store: not found", At),
        new ResourceEvent.PlacementsDrifted(["redis-example-configure-00000.worker-1-5058f"], At),
        new ResourceEvent.Vanished(At),
        new ResourceEvent.Released(At),
    ];

    private static readonly PromiseEvent[] PromiseEvents =
    [
        new PromiseEvent.Observed(Given.Promise(), new PromiseDefinition(Revision, Given.Api(), Given.Plan("setup"), Given.File("static/redis-dependencies.yaml")), At),
        new PromiseEvent.SpecRefused(Given.Promise(), "spec.api is not a CustomResourceDefinition", At),
        new PromiseEvent.ApiInstalled("u1.1.crd1", At),
        new PromiseEvent.ApiRefused("u1.1.crd1", "spec.versions[0].schema is not structural", At),
        new PromiseEvent.RunSucceeded("0123456789abcdef", "setup", Given.Steps(0), """{"message":"ready"}""", Work, At.AddHours(10), At),
        new PromiseEvent.RunSuperseded("0123456789abcdef", "setup", Given.Steps(0), At),
        new PromiseEvent.RunFailed("0123456789abcdef", "setup", 3, Given.Steps(1), "container main exited with code 1", null, At.AddHours(10), At),
        new PromiseEvent.RunSuspended("0123456789abcdef", "setup", Given.Steps(0), null, "somebody has to approve", null, At),
        new PromiseEvent.RetryStarted(At),
        new PromiseEvent.RunRequested(RunCause.Interval, null, At),
        new PromiseEvent.SurroundingsChanged(Given.Surroundings("base", available: true), At),
        new PromiseEvent.Placed([Work], At),
        new PromiseEvent.PlacementsJudged([], ["redis-setup-00000.worker-1-5058f"], At),
        new PromiseEvent.Rescheduled([Work], [], At),
        new PromiseEvent.PlacementWritten("redis-setup-00000.worker-1-5058f", "-1.abc", "c0ffee", false, At),
        new PromiseEvent.PlacementFailed("redis-setup-00000.worker-1-5058f", "1.abc", "push rejected", At),
        new PromiseEvent.PlacementLeft("redis-setup-00000.worker-1-5058f", "-1.abc", "GitStateStore/store: not found", At),
        new PromiseEvent.PlacementsDrifted(["redis-setup-00000.worker-1-5058f"], At),
        new PromiseEvent.RequestsRemoved(At),
        new PromiseEvent.CleanedUp(CleanupStep.Revisions, At),
        new PromiseEvent.ApiRemoved(At),
        new PromiseEvent.Vanished(At),
        new PromiseEvent.Released(At),
    ];

    [Fact]
    [Conformance("K29", "What was journalled once is read by every later version.")]
    public void Resource_events_of_version_1_are_read_and_written_as_they_were() => Verify("resource", ResourceEvents);

    [Fact]
    public void Promise_events_of_version_1_are_read_and_written_as_they_were() => Verify("promise", PromiseEvents);

    private static void Verify<TEvent>(string aggregate, IEnumerable<TEvent> samples)
    {
        var folder = Repository.File("tests", "Kratix.Actors.Core.Tests", "Golden", "events-v1", aggregate);
        Directory.CreateDirectory(folder);
        foreach (var sample in samples)
        {
            var path = Path.Combine(folder, Stored.NameOf<TEvent>(sample!.GetType()) + ".json");
            if (!File.Exists(path) && Repository.Rewrites)
                File.WriteAllText(path, JsonSerializer.Serialize(sample, Json.Readable) + "\n");
        }

        var files = Directory.GetFiles(folder, "*.json");
        foreach (var file in files)
        {
            var stored = File.ReadAllText(file);
            var read = JsonSerializer.Deserialize<TEvent>(stored, Json.Stored)!;
            Assert.StartsWith(Stored.NameOf<TEvent>(read.GetType()), Path.GetFileNameWithoutExtension(file), StringComparison.Ordinal);
            Stored.AssertKept(JsonNode.Parse(stored)!, JsonSerializer.SerializeToNode(read, Json.Stored), Path.GetFileName(file));
        }

        var all = typeof(TEvent).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(a => (string)a.TypeDiscriminator!).Order(StringComparer.Ordinal);
        Assert.Equal(typeof(TEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(TEvent))).Select(Stored.NameOf<TEvent>).Order(StringComparer.Ordinal), all);
        Assert.Equal([], all.Except(files.Select(f => Path.GetFileNameWithoutExtension(f)!)));
    }
}
