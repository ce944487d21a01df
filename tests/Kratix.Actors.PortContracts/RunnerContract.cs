using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;
using Xunit;

namespace Kratix.Actors.PortContracts;

/// <summary>What every implementation of <see cref="IRunner"/> does. The world in which containers run is moved by the implementation's test through <see cref="Finish"/>.</summary>
public abstract class RunnerContract : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private IRunner _runner = null!;

    protected abstract Task<IRunner> Start();

    protected abstract Task Stop();

    /// <summary>Lets all containers of the Pod end, the last user container with this exit code.</summary>
    protected abstract Task Finish(RunPlan plan, int exitCode);

    /// <summary>Lets the last user container, which was started again once in its Pod, fail with this exit code once more: it waits for its next start.</summary>
    protected abstract Task FailInPlace(RunPlan plan, int exitCode);

    /// <summary>That next start.</summary>
    protected abstract Task StartAgain(RunPlan plan);

    public async Task InitializeAsync() => _runner = await Start();

    public async Task DisposeAsync()
    {
        await Stop();
        _limit.Dispose();
    }

    protected static RunPlan Plan(string runId, string pod) => new(
        runId, "default", pod,
        ImmutableSortedDictionary<string, string>.Empty.Add("kratix.io/promise-name", "redis"), ImmutableSortedDictionary<string, string>.Empty,
        [
            new JsonObject { ["name"] = "one", ["image"] = "example.org/one:v1" },
            new JsonObject { ["name"] = "two", ["image"] = "example.org/two:v1" },
        ],
        [], null, null, [], "http://127.0.0.1:1/runs/x", "run-token");

    [Fact]
    public async Task CreateOrAdopt_reports_the_run_with_its_containers_in_order()
    {
        var report = Done(await _runner.CreateOrAdopt(Plan("run-1", "pod-1"), _limit.Token));
        Assert.Equal(("run-1", "default", "pod-1", RunPhase.Pending), (report.RunId, report.Namespace, report.PodName, report.Phase));
        Assert.Equal([("one", "example.org/one:v1"), ("two", "example.org/two:v1")], report.Steps.Select(s => (s.Name, s.Image)));
        Assert.All(report.Steps, s => Assert.Equal(StepPhase.Waiting, s.Phase));
    }

    [Fact]
    public async Task CreateOrAdopt_twice_is_one_run()
    {
        Done(await _runner.CreateOrAdopt(Plan("run-1", "pod-1"), _limit.Token));
        await Finish(Plan("run-1", "pod-1"), 0);
        Assert.Equal(RunPhase.Succeeded, Done(await _runner.CreateOrAdopt(Plan("run-1", "pod-1"), _limit.Token)).Phase);
    }

    [Fact]
    public async Task CreateOrAdopt_of_a_name_taken_by_another_run_names_both()
    {
        Done(await _runner.CreateOrAdopt(Plan("run-1", "pod-1"), _limit.Token));
        var refused = Assert.IsType<Outcome<RunReport>.Terminal>(await _runner.CreateOrAdopt(Plan("run-2", "pod-1"), _limit.Token));
        Assert.Equal(Refusal.AlreadyExists, refused.Code);
        Assert.Contains("run-1", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("run-2", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_is_done_also_when_nothing_is_there() => Done(await _runner.Remove("default", "nowhere", _limit.Token));

    [Fact]
    public async Task Observe_tells_what_is_there_then_each_change_and_ends_with_its_token()
    {
        Done(await _runner.CreateOrAdopt(Plan("run-1", "pod-1"), _limit.Token));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        await using var signals = _runner.Observe(stop.Token).GetAsyncEnumerator();
        Assert.Equal("run-1", Assert.Single((await Next<RunSignal.Listed>(signals)).Reports).RunId);
        Done(await _runner.CreateOrAdopt(Plan("run-2", "pod-2"), _limit.Token));
        Assert.Equal("run-2", (await Next<RunSignal.Changed>(signals)).Report.RunId);
        await Finish(Plan("run-1", "pod-1"), 3);
        var failed = (await Next<RunSignal.Changed>(signals)).Report;
        Assert.Equal(("run-1", RunPhase.Failed), (failed.RunId, failed.Phase));
        Assert.Equal([(StepPhase.Succeeded, 0), (StepPhase.Failed, 3)], failed.Steps.Select(s => (s.Phase, s.ExitCode ?? -1)));
        Assert.Contains("\"two\" exited with code 3", failed.Reason, StringComparison.Ordinal);
        Done(await _runner.Remove("default", "pod-1", _limit.Token));
        // A cluster first tells that it is to go.
        RunSignal told;
        do
        {
            told = await Next<RunSignal>(signals);
        }
        while (told is RunSignal.Changed { Report: { RunId: "run-1", Phase: RunPhase.Failed } });
        Assert.Equal(new RunSignal.Gone("run-1", "default", "pod-1"), told);
        await stop.CancelAsync();
        Assert.False(await signals.MoveNextAsync());
    }

    [Fact]
    public async Task Container_that_is_started_again_in_its_Pod_is_a_run_that_goes_on_and_is_counted()
    {
        var plan = Plan("run-1", "pod-1") with { PodSpec = new JsonObject { ["restartPolicy"] = "OnFailure" } };
        Done(await _runner.CreateOrAdopt(plan, _limit.Token));
        await FailInPlace(plan, 3);
        var waits = Done(await _runner.CreateOrAdopt(plan, _limit.Token));
        Assert.Equal((RunPhase.Running, 1), (waits.Phase, waits.Restarts));
        Assert.Equal([(StepPhase.Succeeded, 0, 0), (StepPhase.Failed, 3, 1)], waits.Steps.Select(s => (s.Phase, s.ExitCode ?? -1, s.Restarts)));
        Assert.Contains("\"two\" exited with code 3", waits.Reason, StringComparison.Ordinal);

        await StartAgain(plan);
        var goesOn = Done(await _runner.CreateOrAdopt(plan, _limit.Token));
        Assert.Equal((RunPhase.Running, 2), (goesOn.Phase, goesOn.Restarts));
        Assert.Equal([(StepPhase.Succeeded, 0), (StepPhase.Running, 2)], goesOn.Steps.Select(s => (s.Phase, s.Restarts)));
        Assert.Null(goesOn.Steps[1].ExitCode);
    }

    private static async Task<T> Next<T>(IAsyncEnumerator<RunSignal> signals) where T : RunSignal
    {
        Assert.True(await signals.MoveNextAsync());
        return Assert.IsAssignableFrom<T>(signals.Current);
    }

    private static T Done<T>(Outcome<T> outcome) => outcome is Outcome<T>.Done done ? done.Value : throw new Xunit.Sdk.XunitException(outcome.Failure);
}
