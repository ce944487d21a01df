namespace Kratix.Actors.Standalone.Nodes.Containers;

internal static class ImageNames
{
    /// <summary>Podman's name for images built here.</summary>
    public static bool IsLocal(string image) => image.StartsWith("localhost/", StringComparison.Ordinal);

    /// <summary>Kubernetes reads a name without a registry as one of Docker Hub; podman would ask which registry is meant.</summary>
    public static string FullyQualified(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return $"docker.io/library/{image}";
        var first = image[..slash];
        return first.Contains('.') || first.Contains(':') || first == "localhost" ? image : $"docker.io/{image}";
    }
}
