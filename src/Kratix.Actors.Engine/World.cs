using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Ports.StateStores;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine;

/// <summary>Everything outside the engine, by port.</summary>
public sealed record World(
    IJournal Journal, IContentStore Content, IKubernetes Kubernetes, IResourceWatch Watch, IRunner Runner, IStateStores StateStores, TimeProvider Time, ILogger Log)
{
    public DateTimeOffset Now => Time.GetUtcNow();
}
