using System.Net;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>A bridge: this machine's address on it, and the addresses of those behind it.</summary>
internal sealed record Gateway(IPAddress Address, IPNetwork Subnet)
{
    /// <summary>The bridge that containers of the engine are on; null when they are on none, or it is of another kind.</summary>
    public static async Task<Gateway?> Of(EngineProcess engine, bool isPodman, string network, CancellationToken ct)
    {
        if (network is "host" or "none") return null;
        var name = network is "auto" or "bridge" ? isPodman ? "podman" : "bridge" : network;
        var found = await engine.Run(["network", "inspect", name], ct);
        return found.ExitCode == 0 && JsonNode.Parse(found.Output) is JsonArray { Count: > 0 } networks ? Of(networks[0]!.AsObject()) : null;
    }

    public static Gateway? Of(JsonObject network)
    {
        var subnet = network.Objects("subnets").Concat((network.Child("IPAM") ?? []).Objects("Config")).FirstOrDefault(s => !Text(s, "subnet").Contains(':'));
        return subnet is not null && IPAddress.TryParse(Text(subnet, "gateway"), out var address) && IPNetwork.TryParse(Text(subnet, "subnet"), out var range) ? new Gateway(address, range) : null;
    }

    // Docker writes Subnet and Gateway, Podman subnet and gateway.
    private static string Text(JsonObject subnet, string name) => subnet.TextOrNull(name) ?? subnet.Text(char.ToUpperInvariant(name[0]) + name[1..]);
}
