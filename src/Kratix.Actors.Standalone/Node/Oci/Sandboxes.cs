using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>A network namespace with an address of its own.</summary>
/// <param name="Gateway">This machine, as seen from inside.</param>
internal sealed record Sandbox(int Index, string Path, string Address, string Gateway);

/// <summary>
/// The networks of running Pods: one each, on a bridge of this node. Making one costs as much as a container does, so a Pod's is kept for the next
/// Pod when its last container has ended, unless something of the first is left in it: a connection outlives its processes for a while.
/// </summary>
internal sealed class Sandboxes(OciTools tools, EngineProcess podman, string nodeId, string folder, NodeOptions options) : IAsyncDisposable
{
    private const string NamespaceFolder = "/run/netns";
    private readonly EngineProcess _ip = new(tools.Ip, new Dictionary<string, string>());
    private readonly EngineProcess _netavark = new(tools.Netavark, new Dictionary<string, string>());
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, Lease> _leased = new(StringComparer.Ordinal);
    private readonly SortedSet<int> _free = [];
    private JsonObject? _network;
    private Gateway? _gateway;
    private ServerRelay? _relay;

    // Containers by name, not by number: one that had ended before the node came back never was among them, and takes nothing from those that are.
    private sealed record Lease(Sandbox Sandbox, ImmutableHashSet<string> Containers, bool IsChanged);

    private string Network => $"kratix-actors-{nodeId}";

    /// <summary>Takes up what an earlier run of the node left: what a running container has stays, the rest is removed.</summary>
    public async Task Open(IReadOnlyCollection<(string PodUid, string Container, int Index)> used)
    {
        if (!Directory.Exists(NamespaceFolder)) return;
        var left = Directory.EnumerateFiles(NamespaceFolder, $"{Network}-*").Select(f => int.Parse(f[(f.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture)).ToList();
        if (left.Count == 0) return;
        await EnsureNetwork();
        foreach (var (uid, container, index) in used) _leased[uid] = new Lease(At(index), (_leased.GetValueOrDefault(uid)?.Containers ?? []).Add(container), IsChanged: false);
        foreach (var index in left.Except(used.Select(u => u.Index))) await Remove(index);
    }

    /// <exception cref="InvalidOperationException">A network cannot be made; the message holds the reason.</exception>
    public async Task<Sandbox> Give(string podUid, string container)
    {
        await _gate.WaitAsync();
        try
        {
            if (_leased.TryGetValue(podUid, out var lease))
            {
                _leased[podUid] = lease with { Containers = lease.Containers.Add(container) };
                return lease.Sandbox;
            }
            await EnsureNetwork();
            var sandbox = _free.Count > 0 ? At(_free.Min) : await Make();
            _free.Remove(sandbox.Index);
            _leased[podUid] = new Lease(sandbox, [container], IsChanged: false);
            return sandbox;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The container has ended. Whoever has no network gives none back.</summary>
    /// <param name="changed">The container could change the network: nobody else gets it.</param>
    public async Task Take(string podUid, string container, bool changed)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_leased.TryGetValue(podUid, out var lease) || !lease.Containers.Contains(container)) return;
            if (lease.Containers.Count > 1)
            {
                _leased[podUid] = lease with { Containers = lease.Containers.Remove(container), IsChanged = lease.IsChanged || changed };
                return;
            }
            _leased.Remove(podUid);
            if (changed || lease.IsChanged || !NetworkNamespace.IsQuiet(lease.Sandbox.Path)) await Remove(lease.Sandbox.Index);
            else _free.Add(lease.Sandbox.Index);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes what no container has; the node's bridge with it when none has any.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_relay is not null) await _relay.DisposeAsync();
        foreach (var index in _free) await Remove(index);
        if (_leased.Count == 0 && _network is not null) await podman.Run(["network", "rm", Network], CancellationToken.None);
        _gate.Dispose();
    }

    private async Task EnsureNetwork()
    {
        if (_network is not null) return;
        var found = await podman.Run(["network", "inspect", Network], CancellationToken.None);
        if (found.ExitCode != 0)
        {
            // Without a name server of its own, as Podman's default network: containers ask the machine's.
            var created = await podman.Run(["network", "create", "--disable-dns", Network], CancellationToken.None);
            if (created.ExitCode != 0) throw new InvalidOperationException($"Podman makes no network {Network}: {created.LastError}");
            found = await podman.Run(["network", "inspect", Network], CancellationToken.None);
        }
        var network = JsonNode.Parse(found.Output)!.AsArray()[0]!.AsObject();
        _gateway = Gateway.Of(network) ?? throw new InvalidOperationException($"network {Network} has no gateway");
        _relay = ServerRelay.Start(_gateway.Address, _gateway.Subnet, options.ApiServer, options.Log);
        _network = network;
    }

    private async Task<Sandbox> Make()
    {
        var index = Enumerable.Range(0, int.MaxValue).First(i => !_free.Contains(i) && _leased.Values.All(l => l.Sandbox.Index != i));
        var sandbox = At(index);
        await Checked(_ip, ["netns", "add", Name(index)]);
        try
        {
            await Checked(_netavark, ["--config", folder, "setup", sandbox.Path], Request(sandbox));
            return sandbox;
        }
        catch (InvalidOperationException)
        {
            await Remove(index); // else the name would be taken at the next try, and at all that follow
            throw;
        }
    }

    private async Task Remove(int index)
    {
        var sandbox = At(index);
        await _netavark.Run(["--config", folder, "teardown", sandbox.Path], CancellationToken.None, Request(sandbox)); // fails where a crash left half a setup; deleting the namespace takes its end of the pair with it
        await _ip.Run(["netns", "delete", Name(index)], CancellationToken.None);
    }

    private static async Task Checked(EngineProcess process, string[] arguments, string input = "")
    {
        var result = await process.Run(arguments, CancellationToken.None, input);
        if (result.ExitCode != 0) throw new InvalidOperationException($"a Pod's network cannot be made: {string.Join(' ', arguments)}: {(result.Output.Length > 0 ? result.Output.Trim() : result.LastError)}");
    }

    private string Request(Sandbox sandbox) => new JsonObject
    {
        ["container_id"] = Name(sandbox.Index),
        ["container_name"] = Name(sandbox.Index),
        ["networks"] = new JsonObject { [Network] = new JsonObject { ["static_ips"] = new JsonArray(sandbox.Address), ["interface_name"] = "eth0" } },
        ["network_info"] = new JsonObject { [Network] = _network!.DeepClone() },
    }.ToJsonString();

    private string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"{Network}-{index}");

    // Podman gives no addresses on this network, so all but the gateway's are the node's to give.
    private Sandbox At(int index)
    {
        var range = _gateway!.Subnet;
        var first = BinaryPrimitives.ReadUInt32BigEndian(range.BaseAddress.GetAddressBytes());
        var most = (1 << (32 - range.PrefixLength)) - 3;
        if (index >= most) throw new InvalidOperationException($"network {Network} has addresses for {most} Pods at a time");
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, first + 2 + (uint)index);
        return new Sandbox(index, Path.Combine(NamespaceFolder, Name(index)), new IPAddress(bytes).ToString(), _gateway.Address.ToString());
    }
}
