using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Testing;

/// <summary>Runs that do what the test says. A run stays <see cref="RunPhase.Pending"/> until <see cref="Report"/> or <see cref="Finish"/> moves it.</summary>
public sealed class FakeRunner(TimeProvider? time = null) : IRunner
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Namespace, string Pod), (RunPlan Plan, RunReport Report, DateTimeOffset Created)> _runs = [];
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly List<Channel<RunSignal>> _observers = [];
    private readonly Channel<RunPlan> _created = Channel.CreateUnbounded<RunPlan>();

    /// <summary>Plans in the order in which they were created (adopting creates nothing); reading waits for the next one.</summary>
    public ChannelReader<RunPlan> Created => _created.Reader;

    /// <summary>Asked before each call with verb and Pod; what it returns is the failure the caller gets.</summary>
    public Func<string, string, Outcome<Nothing>?>? Fail { get; set; }

    /// <summary>Awaited while a creation is on its way: it has been sent and has not arrived.</summary>
    public Func<RunPlan, Task>? BeforeCreation { get; set; }

    /// <summary>Awaited when a Pod has been created or adopted and nobody has heard of it yet.</summary>
    public Func<RunPlan, Task>? BeforeAnswer { get; set; }

    public IReadOnlyList<RunReport> Runs => [.. Pods.Select(p => p.Report)];

    /// <summary>The Pods that are there: what was asked for, how it stands, and since when it is there.</summary>
    public IReadOnlyList<(RunPlan Plan, RunReport Report, DateTimeOffset Created)> Pods
    {
        get
        {
            lock (_gate)
                return [.. _runs.Values];
        }
    }

    public async Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation)
    {
        if (Fail?.Invoke("create", plan.PodName) is { } failure)
            return failure.Select<RunReport>(_ => throw new InvalidOperationException("Fail returned success"));
        await (BeforeCreation?.Invoke(plan) ?? Task.CompletedTask);
        var outcome = CreateOrAdopt(plan);
        await (BeforeAnswer?.Invoke(plan) ?? Task.CompletedTask);
        return outcome;
    }

    private Outcome<RunReport> CreateOrAdopt(RunPlan plan)
    {
        lock (_gate)
        {
            if (_runs.TryGetValue((plan.Namespace, plan.PodName), out var found))
            {
                return found.Plan.RunId == plan.RunId
                    ? new Outcome<RunReport>.Done(found.Report)
                    : new Outcome<RunReport>.Terminal(Refusal.AlreadyExists, $"Pod {plan.Namespace}/{plan.PodName} belongs to run {found.Plan.RunId}, not to {plan.RunId}");
            }

            var report = new RunReport(
                plan.RunId, plan.Namespace, plan.PodName, RunPhase.Pending,
                [.. plan.Containers.Concat(plan.SideBySide).Select(c => new StepReport((string)c!["name"]!, (string?)c["image"] ?? "", StepPhase.Waiting))], null);
            _runs[(plan.Namespace, plan.PodName)] = (plan, report, _time.GetUtcNow());
            Tell(new RunSignal.Changed(report));
            _created.Writer.TryWrite(plan);
            return new Outcome<RunReport>.Done(report);
        }
    }

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation)
    {
        if (Fail?.Invoke("remove", podName) is { } failure)
            return Task.FromResult(failure);
        lock (_gate)
        {
            if (_runs.Remove((ns, podName), out var gone))
                Tell(new RunSignal.Gone(gone.Plan.RunId, ns, podName));
        }

        return Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Done(default));
    }

    public void Report(string ns, string podName, Func<RunReport, RunReport> change)
    {
        lock (_gate)
        {
            var run = _runs[(ns, podName)];
            _runs[(ns, podName)] = run with { Report = change(run.Report) };
            Tell(new RunSignal.Changed(change(run.Report)));
        }
    }

    /// <summary>All steps end: with 0 they all succeeded, otherwise the last one failed with this exit code.</summary>
    public void Finish(string ns, string podName, int exitCode) => Report(ns, podName, report => report with
    {
        Phase = exitCode == 0 ? RunPhase.Succeeded : RunPhase.Failed,
        Steps =
        [
            .. report.Steps.Select((s, i) => exitCode != 0 && i == report.Steps.Length - 1
                ? s with { Phase = StepPhase.Failed, ExitCode = exitCode }
                : s with { Phase = StepPhase.Succeeded, ExitCode = 0 }),
        ],
        Reason = exitCode == 0 ? null : $"container \"{report.Steps[^1].Name}\" exited with code {exitCode}",
    });

    /// <summary>The last step fails with this exit code, in a Pod that starts its containers again: it waits for that.</summary>
    public void FailInPlace(string ns, string podName, int exitCode) => Report(ns, podName, report => report with
    {
        Phase = RunPhase.Running,
        Steps = [.. report.Steps[..^1].Select(s => s with { Phase = StepPhase.Succeeded, ExitCode = 0 }), report.Steps[^1] with { Phase = StepPhase.Failed, ExitCode = exitCode }],
        Reason = $"container \"{report.Steps[^1].Name}\" exited with code {exitCode}",
    });

    /// <summary>The last step, which has failed, is started again in its Pod.</summary>
    public void StartAgain(string ns, string podName) => Report(ns, podName, report => report with
    {
        Restarts = report.Restarts + 1,
        Steps = [.. report.Steps[..^1], report.Steps[^1] with { Phase = StepPhase.Running, ExitCode = null, Restarts = report.Steps[^1].Restarts + 1 }],
        Reason = null,
    });

    public async IAsyncEnumerable<RunSignal> Observe([EnumeratorCancellation] CancellationToken cancellation)
    {
        var signals = Channel.CreateUnbounded<RunSignal>();
        lock (_gate)
        {
            signals.Writer.TryWrite(new RunSignal.Listed([.. _runs.Values.Select(r => r.Report)]));
            _observers.Add(signals);
        }

        await using var ending = cancellation.Register(() => signals.Writer.TryComplete());
        try
        {
            // Not ReadAllAsync: it goes on in the thread pool, and the deterministic dispatcher would not know that something is to come.
            while (await signals.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (!cancellation.IsCancellationRequested && signals.Reader.TryRead(out var signal))
                    yield return signal;
                if (cancellation.IsCancellationRequested)
                    yield break;
            }
        }
        finally
        {
            lock (_gate)
                _observers.Remove(signals);
        }
    }

    private void Tell(RunSignal signal) => _observers.ForEach(o => o.Writer.TryWrite(signal));
}
