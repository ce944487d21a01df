namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>A container cannot be made from what the Pod, or an object it refers to, says. Shown as <c>CreateContainerConfigError</c>, and tried again.</summary>
internal sealed class ConfigException(string message) : Exception(message);
