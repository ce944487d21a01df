using System.Formats.Tar;
using System.Runtime.CompilerServices;
using System.Text;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>Runs that take no time: the object is fetched and a fixed output is handed in, as a Pod's own containers would, and the one step has succeeded.</summary>
internal sealed class StubRunner(TimeProvider time) : IRunner
{
    private readonly byte[] _tar = Tar();

    private readonly TaskCompletionSource<IRunExchange> _exchange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _expected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _expects;
    private int _runs;
    private TaskCompletionSource? _gate;
    private int _missing;

    /// <summary>Runs so far.</summary>
    internal int Runs => _runs;

    /// <summary>Ends when the expected run has begun.</summary>
    internal Task Expected => _expected.Task;

    /// <summary>Signals the first run whose Pod's name contains this.</summary>
    internal void Expect(string name) => _expects = name;

    /// <summary>The next so many runs do nothing until all of them are there, and go on together.</summary>
    internal void HoldUntil(int count) => (_gate, _missing) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), count);

    /// <summary>Told once the engine is there; runs of before wait for it.</summary>
    internal void Attach(IRunExchange exchange) => _exchange.SetResult(exchange);

    public async Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _runs);
        if (_expects is { } expects && plan.PodName.Contains(expects, StringComparison.Ordinal))
            _expected.TrySetResult();
        if (_gate is { } gate)
        {
            if (Interlocked.Decrement(ref _missing) == 0)
                gate.SetResult();
            await gate.Task;
        }

        var exchange = await _exchange.Task;
        if (await exchange.Object(plan.RunId, plan.ExchangeToken, cancellation) is { Failure: { } unread })
            return new Outcome<RunReport>.Transient(unread);
        if (await exchange.Submit(plan.RunId, plan.ExchangeToken, new MemoryStream(_tar, writable: false), cancellation) is { Failure: { } refused })
            return new Outcome<RunReport>.Transient(refused);
        var now = time.GetUtcNow();
        return new Outcome<RunReport>.Done(new RunReport(
            plan.RunId, plan.Namespace, plan.PodName, RunPhase.Succeeded, [new StepReport("step", "stub", StepPhase.Succeeded, 0, now, now)], null));
    }

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation) =>
        Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Done(default));

    public async IAsyncEnumerable<RunSignal> Observe([EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new RunSignal.Listed([]);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
    }

    private static byte[] Tar()
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "output/config.yaml")
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: noop\n  namespace: default\ndata:\n  value: \"1\"\n")),
            });
        }

        return bytes.ToArray();
    }
}
