using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>What all Pods of a node share.</summary>
internal sealed record NodeContext(NodeOptions Options, IPodStore Store, IContainerEngine Engine, NodeFolders Folders, PodLogs Logs)
{
    public Images Images { get; } = new(Engine);

    public RunningGate Gate { get; } = new(Options.MaxRunningPods);

    public EnvironmentResolver Environments { get; } = new(Store, ServerAccess.Environment(Options.ApiServer), Options.NodeName);
}
