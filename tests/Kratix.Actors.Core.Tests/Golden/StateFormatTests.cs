using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Golden;

/// <summary>
/// A row's state is what an object is taken up from after a restart: one for each phase, as version 1 stored it, is read by every later version. As with
/// events a file is never changed, and <c>UPDATE_SCENARIOS=1</c> writes only those that are missing.
/// </summary>
public sealed class StateFormatTests
{
    private static readonly DateTimeOffset At = Given.Start.AddMilliseconds(1500);

    private static readonly Workflow Ran = new(
        WorkflowAction.Configure, 3, RunCause.SpecChanged, new RunTarget("s1", "r1", 2),
        [new PipelineProgress("configure", 3, PipelinePhase.Running, At, "attempt 1 failed"), new PipelineProgress("next", null, PipelinePhase.Pending, At)],
        new WorkflowStage.Retrying(0, 2, At.AddSeconds(10), "container main exited with code 1"));

    private static readonly Works Placed = Works.None with
    {
        ByPipeline = Works.None.ByPipeline.Add(EventFormatTests.Work.Pipeline, EventFormatTests.Work), Removals = [EventFormatTests.Work.Groups[0].Placements[0]], Wishes = 4,
    };

    [Fact, Conformance("K29", "The state of an object as an earlier version stored it is taken up by this one.")]
    public void Resource_states_of_version_1_are_read_and_written_as_they_were() => Verify(
        "resource", Phases<ResourcePhase>(), phase => ResourceState.Empty(Given.Id) with
        {
            Phase = phase,
            Object = Given.Request(),
            Revision = EventFormatTests.Revision,
            PromiseAvailable = true,
            Workflow = Ran,
            Works = Placed,
            StatusJson = """{"endpoint":"redis:6379"}""",
            NextRun = At.AddHours(10),
            Completed = At,
            ObservedGeneration = 2,
            RestartToken = "start-1",
            Conditions = Conditions.NoTimes.Add("Reconciled", new ConditionSince("True", At)),
        }, state => state.Phase);

    [Fact]
    public void Promise_states_of_version_1_are_read_and_written_as_they_were() => Verify(
        "promise", Phases<PromisePhase>(), phase => PromiseState.Empty("redis") with
        {
            Phase = phase,
            Object = Given.Promise(),
            Definition = new PromiseDefinition(EventFormatTests.Revision, Given.Api(), Given.Plan("setup"), Given.File("static/redis-dependencies.yaml")),
            Refusal = "spec.api is not a CustomResourceDefinition",
            InstalledApi = "crd1",
            ApiAsked = true,
            RequestsRemoved = true,
            Workflow = Ran,
            Works = Placed,
            StatusJson = """{"message":"ready"}""",
            NextRun = At.AddHours(10),
            Completed = At,
            ObservedGeneration = 1,
            RestartToken = "start-1",
            Conditions = Conditions.NoTimes.Add("Available", new ConditionSince("True", At)),
        }, state => state.Phase);

    private static void Verify<TState, TPhase>(string aggregate, IReadOnlyList<TPhase> phases, Func<TPhase, TState> sample, Func<TState, TPhase> phaseOf)
        where TPhase : notnull
    {
        var folder = Repository.File("tests", "Kratix.Actors.Core.Tests", "Golden", "states-v1", aggregate);
        Directory.CreateDirectory(folder);
        foreach (var phase in phases)
        {
            var path = Path.Combine(folder, Stored.NameOf<TPhase>(phase.GetType()) + ".json");
            if (!File.Exists(path) && Repository.Rewrites)
                File.WriteAllText(path, JsonSerializer.Serialize(sample(phase), Json.Readable) + "\n");
        }

        var files = Directory.GetFiles(folder, "*.json");
        foreach (var file in files)
        {
            var stored = File.ReadAllText(file);
            var read = JsonSerializer.Deserialize<TState>(stored, Json.Stored)!;
            Assert.StartsWith(Stored.NameOf<TPhase>(phaseOf(read).GetType()), Path.GetFileNameWithoutExtension(file), StringComparison.Ordinal);
            Stored.AssertKept(JsonNode.Parse(stored)!, JsonSerializer.SerializeToNode(read, Json.Stored), Path.GetFileName(file));
        }

        Assert.Equal([], phases.Select(p => Stored.NameOf<TPhase>(p.GetType())).Except(files.Select(f => Path.GetFileNameWithoutExtension(f)!)));
    }

    /// <summary>One of each, its fields filled in.</summary>
    private static IReadOnlyList<TPhase> Phases<TPhase>() =>
    [
        .. typeof(TPhase).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(TPhase))).Select(type =>
        {
            var constructor = type.GetConstructors().First();
            return (TPhase)constructor.Invoke([.. constructor.GetParameters().Select(p => p.ParameterType == typeof(string) ? "because" : p.ParameterType.IsEnum ? Enum.ToObject(p.ParameterType, 1) : (object)At.AddHours(10))]);
        }),
    ];
}
