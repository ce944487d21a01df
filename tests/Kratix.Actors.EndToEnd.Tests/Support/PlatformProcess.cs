using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>One <c>kratix-actors up</c> as a process of its own, with the settings for tests.</summary>
internal sealed class PlatformProcess : IAsyncDisposable
{
    // The program must not outlive the tests, however they end: this shell ends it when the pipe that only the tests hold open is closed.
    private const string Guard =
        """
        exec 3<&0
        "$@" </dev/null 3<&- & child=$!
        echo "$child"
        (cat <&3 >/dev/null; kill -TERM $child) >/dev/null 2>&1 & guard=$!
        wait $child; code=$?; kill $guard 2>/dev/null; exit $code
        """;

    /// <summary>What a shell says of a child that SIGKILL ended.</summary>
    private const int KilledHard = 128 + 9;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _guard;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly TaskCompletionSource<int> _pid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (string Words, TaskCompletionSource Heard)? _awaited;

    private PlatformProcess(Process guard, string dataFolder)
    {
        (_guard, DataFolder) = (guard, dataFolder);
        Kubectl = new Kubectl(Path.Combine(dataFolder, "kubeconfig"), Path.Combine(dataFolder, "kubectl-cache"), () => Words);
    }

    internal string DataFolder { get; }

    internal Kubectl Kubectl { get; }

    /// <summary>Everything it wrote to standard output and standard error.</summary>
    internal string Words => string.Join('\n', _said);

    /// <summary>Completes when it next says these words.</summary>
    internal Task Says(string words)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited = (words, heard);
        return heard.Task.WaitAsync(StartLimit);
    }

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    /// <param name="settings">Each <c>key=value</c>, for <c>--set</c>.</param>
    internal static async Task<PlatformProcess> Start(string dataFolder, params string[] settings)
    {
        var platform = await StartUnready(dataFolder, settings);
        using var limit = new CancellationTokenSource(StartLimit);
        var ended = platform._guard.WaitForExitAsync(limit.Token);
        if (await Task.WhenAny(platform._ready.Task, ended) == platform._ready.Task)
            return platform;
        await platform.DisposeAsync();
        throw new InvalidOperationException($"kratix-actors up did not become ready. It said:\n{platform.Words}");
    }

    /// <summary>Starts it and does not wait: whoever uses it may find it half started.</summary>
    internal static async Task<PlatformProcess> StartUnready(string dataFolder, params string[] settings)
    {
        await RequireImage();
        return Launch(dataFolder, settings);
    }

    /// <summary>Starts it where it is expected to refuse, and waits for its end.</summary>
    internal static async Task<(int ExitCode, string Words)> StartRefused(string dataFolder, params string[] settings)
    {
        await using var platform = Launch(dataFolder, settings);
        return (await platform.Ended(), platform.Words);
    }

    /// <summary>What a power cut does to it: no signal it could handle.</summary>
    internal async Task KillHard()
    {
        var killed = await Command.Try("kill", ["-KILL", (await _pid.Task).ToString(CultureInfo.InvariantCulture)]);
        if (await Ended() != KilledHard)
            throw new InvalidOperationException($"kratix-actors up ended by itself before it was killed ({killed.Error}). It said:\n{Words}");
    }

    /// <summary>Ctrl-C, more or less: SIGTERM, then its own orderly end.</summary>
    internal async Task<int> Stop()
    {
        await Command.Run("kill", ["-TERM", (await _pid.Task).ToString(CultureInfo.InvariantCulture)]);
        return await Ended();
    }

    /// <summary>Another command of the program on the same data folder.</summary>
    internal Task<Said> Cli(params string[] arguments) => Command.Try("dotnet", [Checkout.Program, .. arguments, "--data-folder", DataFolder]);

    public async ValueTask DisposeAsync()
    {
        if (!_guard.HasExited)
            _guard.StandardInput.Close();
        await Ended();
        _guard.Dispose();
    }

    private static PlatformProcess Launch(string dataFolder, string[] settings)
    {
        string[] up = ["dotnet", Checkout.Program, "up", "--data-folder", dataFolder, "--config", Checkout.TestSettings, .. settings.SelectMany(s => new[] { "--set", s })];
        var guard = new Process { StartInfo = Command.StartInfo("sh", ["-c", Guard, "sh", .. up], null) };
        var platform = new PlatformProcess(guard, dataFolder);
        guard.OutputDataReceived += (_, line) => platform.Hear(line.Data);
        guard.ErrorDataReceived += (_, line) => platform.Hear(line.Data);
        guard.Start();
        guard.BeginOutputReadLine();
        guard.BeginErrorReadLine();
        return platform;
    }

    private static async Task RequireImage()
    {
        if ((await Command.Try("podman", ["image", "exists", Checkout.Busybox])).ExitCode != 0)
            await Command.Run("bash", [Path.Combine(Checkout.Root, "eng", "images.sh")]);
    }

    private async Task<int> Ended()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        await _guard.WaitForExitAsync(limit.Token);
        return _guard.ExitCode;
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        _said.Enqueue(line);
        if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            _pid.TrySetResult(pid);
        if (line.StartsWith("export KUBECONFIG=", StringComparison.Ordinal))
            _ready.TrySetResult();
        if (_awaited is { } awaited && line.Contains(awaited.Words, StringComparison.Ordinal))
            awaited.Heard.TrySetResult();
    }
}
