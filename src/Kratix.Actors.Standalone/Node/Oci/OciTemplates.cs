using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>An image as Podman has it now.</summary>
internal sealed record LocalImage(string Id, IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Command);

/// <summary>Asks Podman once for each image, and once for each kind of container, how it would run it.</summary>
internal sealed class OciTemplates(OciTools tools, EngineProcess podman, RunArguments arguments)
{
    // Podman writes down how it would run a container and then fails to start this, so that nothing of a template ever runs.
    private const string NoCommand = "/kratix-actors/template";
    private readonly ConcurrentDictionary<string, Lazy<Task<LocalImage?>>> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<(OciTemplate? Template, string? Unsupported)>>> _templates = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private (DateTime Written, long Length) _seen;

    /// <summary>The image that the name stands for at this moment; null when it is not here.</summary>
    public Task<LocalImage?> Image(string name)
    {
        var index = new FileInfo(tools.ImageIndex);
        lock (_gate)
        {
            var now = index.Exists ? (index.LastWriteTimeUtc, index.Length) : default;
            if (now != _seen) _images.Clear();
            _seen = now;
        }
        return Once(_images, name, () => Inspect(name));
    }

    /// <exception cref="InvalidOperationException">Podman refuses such a container; the message is Podman's.</exception>
    public Task<(OciTemplate? Template, string? Unsupported)> Of(LocalImage image, ContainerRun run)
    {
        var kind = arguments.Kind(run);
        return Once(_templates, $"{image.Id}\n{string.Join('\n', kind)}", () => Make(image, kind));
    }

    // What failed is asked again by the next who wants it.
    private static async Task<T> Once<T>(ConcurrentDictionary<string, Lazy<Task<T>>> known, string key, Func<Task<T>> ask)
    {
        var asked = known.GetOrAdd(key, _ => new Lazy<Task<T>>(ask));
        try
        {
            if (await asked.Value is { } answer) return answer;
        }
        catch (InvalidOperationException)
        {
            known.TryRemove(new(key, asked));
            throw;
        }
        known.TryRemove(new(key, asked));
        return default!;
    }

    private async Task<LocalImage?> Inspect(string name)
    {
        var result = await podman.Run(["image", "inspect", name], CancellationToken.None);
        // While another process changes its storage, Podman misses images that are there.
        if (result.ExitCode != 0) result = await podman.Run(["image", "inspect", name], CancellationToken.None);
        if (result.ExitCode != 0) return null;
        var image = First(result.Output);
        var config = image.Child("Config") ?? [];
        return new LocalImage(image.Text("Id"), config.Texts("Entrypoint"), config.Texts("Cmd"));
    }

    private async Task<(OciTemplate?, string?)> Make(LocalImage image, IReadOnlyList<string> kind)
    {
        var created = await podman.Run(
            ["create", "--pull", "never", "--log-driver", "none", "--http-proxy=false", "--hostname", OciTemplate.Hostname, .. arguments.NodeLabel, .. kind, "--entrypoint", NoCommand, image.Id], CancellationToken.None);
        if (created.ExitCode != 0) throw new InvalidOperationException(created.LastError);
        var id = created.Output.Trim();
        try
        {
            var failed = await podman.Run(["init", id], CancellationToken.None);
            var inspected = First((await podman.Run(["container", "inspect", id], CancellationToken.None)).Output);
            var config = Path.Combine(inspected.Text("StaticDir"), "config.json");
            return File.Exists(config)
                ? OciTemplate.From(JsonNode.Parse(await File.ReadAllTextAsync(config))!.AsObject(), inspected, tools.StorageRoot)
                : throw new InvalidOperationException(failed.LastError);
        }
        finally
        {
            await podman.Run(["rm", "--force", "--volumes", id], CancellationToken.None);
        }
    }

    private static JsonObject First(string inspected) => JsonNode.Parse(inspected)!.AsArray()[0]!.AsObject();
}
