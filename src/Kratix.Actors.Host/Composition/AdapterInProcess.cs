using Kratix.Actors.Kubernetes;
using Kratix.Actors.Standalone.Nodes;

namespace Kratix.Actors.Host.Composition;

/// <summary>A run's reader and writer, done by this process instead of a container: on one machine there is nothing between them and the exchange.</summary>
/// <param name="exchange">Where the exchange listens now.</param>
internal sealed class AdapterInProcess(HttpClient http, Uri exchange, TimeProvider time) : IBuiltInContainers
{
    private const string Runs = "/runs/";

    /// <summary>The same name as on a cluster, where it is this program in an image.</summary>
    internal const string Image = "kratix-actors/pipeline-adapter:in-process";

    public bool Handles(string image) => image == Image;

    public Task<int> Run(BuiltInContainer container, CancellationToken ct)
    {
        string Folder(string path) => container.Mounts.Any(m => path == m.ContainerPath) ? container.HostPath(path) : "";
        var folders = new AdapterFolders(Folder(AdapterFolders.InPod.Object), Folder(AdapterFolders.InPod.Output), Folder(AdapterFolders.InPod.Metadata), Folder(AdapterFolders.InPod.Results));
        // The first argument is the program's own sub-command.
        return PipelineAdapter.Run([.. container.Args.Skip(1)], Here(container.Env), folders, container.Log, http, time, ct);
    }

    /// <summary>A Pod may be older than this process and name the port that an earlier one listened on.</summary>
    private Dictionary<string, string> Here(IReadOnlyDictionary<string, string> environment)
    {
        var here = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        if (here.TryGetValue(PipelineAdapter.UrlVariable, out var url) && url.LastIndexOf(Runs, StringComparison.Ordinal) is >= 0 and var at)
            here[PipelineAdapter.UrlVariable] = new Uri(exchange, url[at..]).ToString();
        return here;
    }
}
