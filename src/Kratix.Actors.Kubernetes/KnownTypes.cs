using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes;

/// <summary>Kinds of Kubernetes itself that the program uses.</summary>
public static class KnownTypes
{
    public static readonly ResourceType Pod = new("", "v1", "pods", "Pod", true);

    public static readonly ResourceType CustomResourceDefinition = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
}
