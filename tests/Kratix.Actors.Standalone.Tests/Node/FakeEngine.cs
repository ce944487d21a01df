using System.Collections.Concurrent;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Containers that end when the test says so.</summary>
internal sealed class FakeEngine : IContainerEngine
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RunResult>> _ends = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _begins = new();

    public string Description => "fake";

    public ConcurrentQueue<string> Ran { get; } = new();

    public ConcurrentQueue<string> Removed { get; } = new();

    /// <summary>Why a pull fails; null for success.</summary>
    public string? PullError { get; set; }

    /// <summary>The credentials of the last pull that had any.</summary>
    public string? PulledWith { get; private set; }

    /// <summary>As an engine says that goes by exit code and limit alone.</summary>
    public bool StopsAsIfOutOfMemory { get; set; }

    public HashSet<string> Images { get; } = [NodeFixture.Busybox];

    public List<KeptContainer> Kept { get; } = [];

    public static string Key(string pod, string container, int attempt = 0) => $"{container}_{pod}_{attempt}";

    public Task Began(string key) => _begins.GetOrAdd(key, _ => Signal()).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void End(string key, int exitCode = 0) => End(key, new RunResult.Exited(exitCode, false, null, null));

    public void End(string key, RunResult result) => EndOf(key).TrySetResult(result);

    public Task<RunResult> Run(ContainerRun run, CancellationToken ct) => Begin(Key(run.Pod.Identity.Name, run.Container.Name, run.Attempt), ct);

    public Task<RunResult> Wait(KeptContainer container, ContainerSpec spec, string logPath, CancellationToken ct) => container.State == KeptState.Exited
        ? Task.FromResult<RunResult>(new RunResult.Exited(container.ExitCode, container.OutOfMemory, container.StartedAt, container.FinishedAt))
        : Begin(container.Name, ct);

    public Task<string?> Pull(string image, PullCredentials? credentials, CancellationToken ct)
    {
        if (credentials is not null) PulledWith = File.ReadAllText(credentials.AuthFile);
        if (PullError is null) Images.Add(image);
        return Task.FromResult(PullError);
    }

    public Task<ImageInfo?> Image(string image, CancellationToken ct) => Task.FromResult(Images.Contains(image) ? new ImageInfo("") : null);

    public Task<IReadOnlyList<KeptContainer>> List(CancellationToken ct) => Task.FromResult<IReadOnlyList<KeptContainer>>(Kept);

    public Task Stop(IReadOnlyList<string> names, TimeSpan grace, CancellationToken ct)
    {
        foreach (var key in _begins.Keys.Where(k => names.Any(n => Matches(n, k)))) End(key, new RunResult.Exited(137, StopsAsIfOutOfMemory, null, null));
        return Task.CompletedTask;
    }

    public Task Discard(KeptContainer container) => Remove([container.Name]);

    public Task Remove(IReadOnlyList<string> names)
    {
        foreach (var name in names) Removed.Enqueue(name);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // kratix_CONTAINER_POD_default_UID_ATTEMPT against CONTAINER_POD_ATTEMPT
    private static bool Matches(string name, string key) => name.Split('_') is [_, var container, var pod, _, _, var attempt] && key == $"{container}_{pod}_{attempt}";

    private Task<RunResult> Begin(string key, CancellationToken ct)
    {
        Ran.Enqueue(key);
        _begins.GetOrAdd(key, _ => Signal()).TrySetResult();
        return EndOf(key).Task.WaitAsync(ct);
    }

    private TaskCompletionSource<RunResult> EndOf(string key) =>
        _ends.GetOrAdd(key, _ => new TaskCompletionSource<RunResult>(TaskCreationOptions.RunContinuationsAsynchronously));

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
