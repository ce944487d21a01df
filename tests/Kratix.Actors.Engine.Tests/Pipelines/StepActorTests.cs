using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Kernel;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class StepActorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ActorTestKit _kit = new();
    private readonly TestProbe<PipelineMessage> _pipeline;
    private readonly IActorRef<StepMessage> _step;

    public StepActorTests()
    {
        _pipeline = _kit.Probe<PipelineMessage>();
        _step = _kit.System.Spawn(new Props<StepMessage>(() => new StepActor(_pipeline, Limit)), "step");
    }

    [Fact]
    public void An_image_that_is_refused_again_and_again_is_given_up_after_the_limit_whatever_the_pauses()
    {
        Refused("ErrImagePull");
        Pass(10);
        Downloads();
        Refused("ImagePullBackOff: 20 s");
        Pass(19);
        Assert.Empty(Stuck());
        Pass(1);
        Assert.Equal("ImagePullBackOff: 20 s", Assert.Single(Stuck()).Report.Reason);
    }

    [Fact]
    public void A_download_under_way_at_the_limit_is_let_be_and_its_refusal_is_the_end()
    {
        Refused("ErrImagePull");
        Pass(10);
        Downloads();
        Pass(600);
        Assert.Empty(Stuck());
        Refused("ImagePullBackOff");
        Assert.Single(Stuck());
    }

    [Fact]
    public void An_image_that_came_after_all_ends_the_matter()
    {
        Refused("ErrImagePull");
        Pass(10);
        Tell(new StepReport("main", "image", StepPhase.Running));
        Pass(600);
        Assert.Empty(Stuck());
    }

    private void Refused(string reason) => Tell(new StepReport("main", "image", StepPhase.Pulling, Reason: reason));

    private void Downloads() => Tell(new StepReport("main", "image", StepPhase.Pulling));

    private void Tell(StepReport report)
    {
        _step.Tell(new StepMessage.Reported(report));
        _kit.Run();
    }

    private void Pass(int seconds) => _kit.Advance(TimeSpan.FromSeconds(seconds));

    private IEnumerable<PipelineMessage.StepStuck> Stuck() => _pipeline.Drain().OfType<PipelineMessage.StepStuck>();
}
