using Kratix.Actors.Engine.Telemetry;
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
    /// <summary>Where the engine's loops say that they are alive.</summary>
    public EngineHealth Health { get; init; } = new();

    public DateTimeOffset Now => Time.GetUtcNow();
}
