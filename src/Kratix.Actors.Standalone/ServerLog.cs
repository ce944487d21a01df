using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone;

/// <summary>What the API server says in the log.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(3101, LogLevel.Information, "serving the Kubernetes API at {Url} with {Objects} objects; kubeconfig {Kubeconfig}")]
    public static partial void Started(ILogger log, Uri url, int objects, string kubeconfig);

    [LoggerMessage(3102, LogLevel.Error, "{Method} {Path} failed in the server itself")]
    public static partial void RequestFailed(ILogger log, string method, string path, Exception failure);

    [LoggerMessage(3103, LogLevel.Warning, "cleaning up after {Object} failed; it is done at the next occasion")]
    public static partial void CleanupFailed(ILogger log, string @object, Exception failure);
}
