using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>A Kubernetes API: the engine's view of it, and apart from that the user's, so that their writes are not counted together.</summary>
internal sealed class BenchApi : IAsyncDisposable
{
    private readonly IReadOnlyList<IDisposable> _clients;
    private readonly StandaloneApiServer? _server;

    private BenchApi(IKubernetes engine, IResourceWatch watch, IKubernetes user, IReadOnlyList<IDisposable> clients, StandaloneApiServer? server) =>
        (Engine, Watch, User, _clients, _server) = (new CountingKubernetes(engine), watch, user, clients, server);

    internal CountingKubernetes Engine { get; }

    internal IResourceWatch Watch { get; }

    internal IKubernetes User { get; }

    /// <summary>The standalone API server, durable; the user speaks with it over HTTPS, and so does the engine unless it is in the server's process.</summary>
    internal static async Task<BenchApi> Standalone(string folder, bool inProcess)
    {
        var time = TimeProvider.System;
        var server = await StandaloneApiServer.Start(new StandaloneOptions(folder, IPAddress.Loopback, 0, time), CancellationToken.None);
        RequestAdmission.AddTo(server);
        var access = KubeConfig.Load(server.KubeconfigPath);
        var engine = new KubernetesClient(access, new KubernetesClientOptions(), time, inProcess ? server.CreateHandler() : null);
        var user = new KubernetesClient(access, new KubernetesClientOptions(), time);
        return new BenchApi(engine, new ResourceWatch(engine, new ResourceWatchOptions(), time), user, [engine, user], server);
    }

    /// <summary>Objects in memory and no HTTP: what is left is the engine.</summary>
    internal static BenchApi InMemory()
    {
        var fake = new FakeKubernetes(TimeProvider.System);
        var controlled = new WithControllers(fake);
        return new BenchApi(controlled, fake, fake, [], null);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>What an API server does by itself and the engine waits for: CRDs become established.</summary>
    private sealed class WithControllers(FakeKubernetes fake) : IKubernetes
    {
        public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => fake.Get(type, ns, name, cancellation);

        public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
            fake.List(type, ns, labelSelector, cancellation);

        public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) => fake.Create(type, ns, body, cancellation);

        public async Task<Outcome<JsonObject>> Patch(
            ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation)
        {
            var outcome = await fake.Patch(type, ns, name, kind, body, subresource, cancellation);
            if (type != Kinds.Crd || subresource is not null || outcome is not Outcome<JsonObject>.Done)
                return outcome;
            var established = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
            return await fake.Patch(type, ns, name, PatchKind.Merge, new JsonObject { ["status"] = established }, "status", cancellation);
        }

        public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) => fake.Delete(type, ns, name, cancellation);

        public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) => fake.PodLog(ns, pod, container, lines, cancellation);
    }
}
