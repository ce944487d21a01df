using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

/// <summary>What becomes of a run that cannot even be planned.</summary>
public sealed class PipelineActorTests
{
    private readonly ActorTestKit _kit = new();
    private readonly List<RunResult> _ended = [];

    [Fact]
    public void Entry_that_an_earlier_version_accepted_ends_its_run_with_field_and_value()
    {
        var entry = Samples.Pipeline("configure");
        entry.Set("spec.containers", "none");
        Start(entry, Samples.Settings);

        Assert.Equal(
            "Pipeline configure cannot be made a Pod: Pipeline configure.spec.containers must be a list of maps",
            Assert.IsType<RunResult.Failed>(Assert.Single(_ended)).Reason);
        Assert.Empty(_kit.Log);
    }

    [Fact]
    public void Bug_of_the_engine_is_not_told_as_a_failed_Pipeline()
    {
        // No settings stand for any bug.
        Start(Samples.Pipeline("configure"), null!);

        Assert.Empty(_ended);
        var failure = _kit.Log.First(l => l.Kind == KernelEventKind.ActorFailed);
        Assert.StartsWith("NullReferenceException while starting", failure.Detail, StringComparison.Ordinal);
    }

    private void Start(JsonObject entry, EngineSettings settings)
    {
        var subject = new RunSubject("redis", "Redis", "example.org", "v1", "redis", "default", "a", "uid-1");
        var request = new RunRequest(new string('1', 32), WorkflowAction.Configure, entry, subject, 1);
        // A run that is not planned comes to none of the others.
        var services = new RunServices(null!, settings, new RunExchange(new InMemoryContentStore(), Samples.Settings), null!, null!, null!, null!);
        _kit.System.Spawn(
            new Props<PipelineMessage>(() => new PipelineActor(services, request, _ => throw new InvalidOperationException("nobody asks for the object"), false, (result, _) => _ended.Add(result))), "run");
        _kit.Run();
    }
}
