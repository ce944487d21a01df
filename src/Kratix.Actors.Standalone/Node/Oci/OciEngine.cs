using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Pods;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>
/// Images by Podman, containers by conmon and runc directly. What it is told to run, it runs as Podman would; what it cannot run so, it leaves to
/// Podman, and it knows which containers are whose.
/// </summary>
internal sealed class OciEngine : IContainerEngine
{
    private readonly OciTools _tools;
    private readonly CommandLineEngine _podman;
    private readonly NodeOptions _options;
    private readonly string _bundles;
    private readonly OciTemplates _templates;
    private readonly Sandboxes _sandboxes;
    private readonly Supervisor _supervisor;
    private readonly EngineProcess _runc;
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _podmans = new(StringComparer.Ordinal);

    public OciEngine(OciTools tools, CommandLineEngine podman, EngineProcess process, RunArguments arguments, string nodeId, NodeOptions options)
    {
        (_tools, _podman, _options) = (tools, podman, options);
        var folder = new NodeFolders(options.DataFolder).Root;
        _bundles = Path.Combine(folder, "containers");
        _templates = new OciTemplates(tools, process, arguments);
        _sandboxes = new Sandboxes(tools, process, nodeId, Path.Combine(folder, "network"), options);
        _supervisor = new Supervisor(tools, folder, options.MaxLogBytes);
        _runc = new EngineProcess(tools.Runc, new Dictionary<string, string> { ["GOMAXPROCS"] = "1" });
    }

    public string Description => "podman's images and runc";

    public Task<string?> Pull(string image, PullCredentials? credentials, CancellationToken ct) => _podman.Pull(image, credentials, ct);

    public Task<ImageInfo?> Image(string image, CancellationToken ct) => _podman.Image(image, ct);

    public async Task<RunResult> Run(ContainerRun run, CancellationToken ct)
    {
        var bundle = new Bundle(_bundles, run.Name);
        if (bundle.Exists) return await SeeOut(bundle, bundle.Label(), ct); // the node failed in between; this attempt is under way or over
        if (await _templates.Image(run.Container.Image) is not { } image) return new RunResult.ImageMissing();
        IReadOnlyList<string> command = run.Command.Count > 0 ? [.. run.Command, .. run.Args] : [.. image.Entrypoint, .. run.Args.Count > 0 ? run.Args : image.Command];
        if (command.Count == 0) return new RunResult.NotCreated("neither the Pod nor the image says which command to run");
        try
        {
            var (template, unsupported) = await _templates.Of(image, run);
            if (template is not null) return await Run(run, template, command, bundle, ct);
            NodeLog.LeftToPodman(_options.Log, run.Pod.Identity, run.Container.Name, unsupported!);
        }
        catch (InvalidOperationException refused)
        {
            return new RunResult.NotCreated(refused.Message);
        }
        _podmans[run.Name] = true;
        return await _podman.Run(run, ct);
    }

    public Task<RunResult> Wait(KeptContainer container, ContainerSpec spec, string logPath, CancellationToken ct)
    {
        if (_podmans.ContainsKey(container.Name)) return _podman.Wait(container, spec, logPath, ct);
        var bundle = new Bundle(_bundles, container.Name);
        return SeeOut(bundle, bundle.Label(), ct);
    }

    public async Task<IReadOnlyList<KeptContainer>> List(CancellationToken ct)
    {
        Directory.CreateDirectory(_bundles);
        _supervisor.Install();
        var podmans = await _podman.List(ct);
        foreach (var container in podmans) _podmans[container.Name] = true;
        var atWork = Supervisor.AtWork(_bundles);
        var bundles = Bundle.All(_bundles).Select(b => (Bundle: b, Label: b.Label())).ToList();
        if (_running.IsEmpty)
        {
            foreach (var half in Bundle.Halves(_bundles).ToList()) await HostileFolder.Remove(half);
            await _sandboxes.Open([.. bundles.Where(b => atWork.ContainsKey(b.Bundle.Id) && b.Label.Sandbox is not null).Select(b => (b.Label.PodUid, b.Bundle.Id, b.Label.Sandbox!.Value))]);
        }
        return [.. podmans, .. bundles.Select(b => Kept(b.Bundle, b.Label, atWork.ContainsKey(b.Bundle.Id)))];
    }

    public async Task Stop(IReadOnlyList<string> names, TimeSpan grace, CancellationToken ct)
    {
        var podmans = names.Where(_podmans.ContainsKey).ToList();
        if (podmans.Count > 0) await _podman.Stop(podmans, grace, ct);
        await Task.WhenAll(names.Except(podmans).Select(n => Stop(new Bundle(_bundles, n), grace, ct)));
    }

    public Task Discard(KeptContainer container) => _podmans.ContainsKey(container.Name) ? _podman.Discard(container) : Remove([container.Name]);

    public async Task Remove(IReadOnlyList<string> names)
    {
        var podmans = names.Where(_podmans.ContainsKey).ToList();
        if (podmans.Count > 0) await _podman.Remove(podmans);
        foreach (var name in podmans) _podmans.TryRemove(name, out _);
        await Task.WhenAll(names.Except(podmans).Select(n => Remove(new Bundle(_bundles, n))));
    }

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
        await _podman.DisposeAsync();
    }

    private async Task<RunResult> Run(ContainerRun run, OciTemplate template, IReadOnlyList<string> command, Bundle bundle, CancellationToken ct)
    {
        var sandbox = template.Network == NetworkKind.Bridge ? await _sandboxes.Give(run.Pod.Identity.Uid, bundle.Id) : null;
        var label = new BundleLabel(run.Name, run.Pod.Identity.Uid, run.Container.Name, run.Attempt, run.Container.MemoryLimitBytes is not null, template.StopSignal, sandbox?.Index);
        try
        {
            bundle.Create(label);
            foreach (var (name, content) in OciConfig.Files(template, run, sandbox, _options.ApiServer is not null)) await File.WriteAllTextAsync(bundle.PathOf(name), content, CancellationToken.None);
            bundle.WriteConfig(OciConfig.Of(template, run, command, bundle, sandbox).ToUtf8());
            var supervised = _supervisor.Run(bundle, run.LogPath, ct);
            _running[bundle.Id] = supervised;
            var complaint = await supervised;
            return await Ended(bundle, label, complaint);
        }
        finally
        {
            _running.TryRemove(bundle.Id, out _);
            if (!ct.IsCancellationRequested)
            {
                File.Delete(bundle.Config);
                if (sandbox is not null) await _sandboxes.Take(run.Pod.Identity.Uid, bundle.Id, template.MayChangeNetwork || (bundle.HasBegun && !bundle.HasEnded));
            }
        }
    }

    private async Task<RunResult> SeeOut(Bundle bundle, BundleLabel label, CancellationToken ct)
    {
        while (Supervisor.AtWork(_bundles).TryGetValue(bundle.Id, out var supervisor)) await Supervisor.Watch(supervisor, ct);
        if (label.Sandbox is not null) await _sandboxes.Take(label.PodUid, bundle.Id, changed: true);
        File.Delete(bundle.Config);
        return await Ended(bundle, label, "its supervisor was killed before the container had begun");
    }

    private async Task<RunResult> Ended(Bundle bundle, BundleLabel label, string complaint)
    {
        if (bundle.Exit(label) is { } exit) return exit;
        if (!bundle.HasBegun) return new RunResult.NotStarted(bundle.Complaint() ?? complaint);
        // It outlives its supervisor, and would go on beside its next attempt.
        await Signal(bundle, "KILL");
        return Cut(bundle);
    }

    // Its supervisor was killed, or the machine went down under it: nobody knows how it would have ended, and it must not be run again.
    private static RunResult.Exited Cut(Bundle bundle) => new(137, OutOfMemory: false, bundle.StartedAt, null);

    private static KeptContainer Kept(Bundle bundle, BundleLabel label, bool isAtWork)
    {
        var ended = isAtWork ? null : bundle.Exit(label) ?? (bundle.HasBegun ? Cut(bundle) : null);
        var state = isAtWork ? KeptState.Running : ended is null ? KeptState.Created : KeptState.Exited;
        return new KeptContainer(label.Name, label.PodUid, label.Container, label.Attempt, state, ended?.ExitCode ?? 0, ended?.OutOfMemory ?? false, bundle.StartedAt, ended?.FinishedAt);
    }

    private async Task Stop(Bundle bundle, TimeSpan grace, CancellationToken ct)
    {
        if (!bundle.Exists || Ending(bundle, ct) is not { } ending) return;
        if (!await Signal(bundle, bundle.Label().StopSignal)) return; // not begun yet, or over
        await Task.WhenAny(ending, Task.Delay(grace, _options.Time, ct));
        if (ending.IsCompleted || ct.IsCancellationRequested) return;
        await Signal(bundle, "KILL");
        await Task.WhenAny(ending, Task.Delay(TimeSpan.FromSeconds(10), _options.Time, ct));
    }

    private async Task<bool> Signal(Bundle bundle, string signal) =>
        (await _runc.Run(["--root", _supervisor.State, "kill", bundle.Id, signal], CancellationToken.None)).ExitCode == 0;

    private Task? Ending(Bundle bundle, CancellationToken ct) => _running.TryGetValue(bundle.Id, out var running)
        ? running
        : !bundle.HasEnded && Supervisor.AtWork(_bundles).TryGetValue(bundle.Id, out var supervisor) ? Supervisor.Watch(supervisor, ct) : null;

    private async Task Remove(Bundle bundle)
    {
        if (!Directory.Exists(bundle.Folder)) return;
        var ending = Ending(bundle, CancellationToken.None);
        if (ending is not null || !RemoveGroups(bundle)) await Force(bundle);
        if (ending is not null) await ending;
        // Nobody saw it out where its Pod was deleted while the node was away.
        if (bundle.Exists && bundle.Label() is { Sandbox: not null } label) await _sandboxes.Take(label.PodUid, bundle.Id, changed: true);
        await HostileFolder.Remove(bundle.Folder);
    }

    /// <summary>Also ends what waits to be started: a runc that was killed between making a container and starting it.</summary>
    private async Task Force(Bundle bundle)
    {
        var result = await _runc.Run(["--root", _supervisor.State, "delete", "--force", bundle.Id], CancellationToken.None);
        if (result.ExitCode != 0) throw new InvalidOperationException($"runc could not remove container {bundle.Id}: {result.LastError}");
    }

    /// <summary>What <c>runc delete</c> does for a container that has ended, without starting it: its control groups and its record go.</summary>
    /// <returns>False when something of it may still be alive.</returns>
    private bool RemoveGroups(Bundle bundle)
    {
        var record = Path.Combine(_supervisor.State, bundle.Id);
        if (!Directory.Exists(record)) return true;
        var state = Path.Combine(record, "state.json");
        if (!bundle.HasBegun || !File.Exists(state)) return false;
        try
        {
            var groups = JsonNode.Parse(File.ReadAllBytes(state))!["cgroup_paths"] as JsonObject ?? [];
            foreach (var (_, path) in groups)
            {
                if (Directory.Exists(path.AsText())) Directory.Delete(path.AsText());
            }
            Directory.Delete(record, recursive: true);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            return false;
        }
    }
}
