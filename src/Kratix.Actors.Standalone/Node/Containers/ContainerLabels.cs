using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>Names and labels by which a container is found again after the node was killed.</summary>
internal static class ContainerLabels
{
    public const string Node = "kratix-actors.node";
    public const string Pod = "kratix-actors.pod";
    public const string PodUid = "kratix-actors.pod-uid";
    public const string Container = "kratix-actors.container";
    public const string Attempt = "kratix-actors.attempt";

    /// <summary>Several nodes may share an engine; each knows its own containers by its data folder.</summary>
    public static string NodeOf(string dataFolder) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..12];

    /// <summary>Same Pod, container and attempt: same name, so that no attempt is ever started twice.</summary>
    public static string NameOf(PodIdentity pod, string container, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"kratix_{container}_{pod.Name}_{pod.Namespace}_{pod.Uid}_{attempt}");
}
