using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>
/// The canaries of a Destination: a Namespace, and a ConfigMap in it, that show whoever looks at the cluster that what is written to the state store arrives there.
/// They go the way of every other file, and a Destination that does not want them has them taken back.
/// </summary>
internal static class TestDocuments
{
    /// <summary>Both documents' placement, as commits name it.</summary>
    private const string Name = "kratix-canary";

    private static readonly byte[] Namespace = Encoding.UTF8.GetBytes(
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: kratix-worker-system

        """);

    private static readonly byte[] ConfigMap = Encoding.UTF8.GetBytes(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: kratix-info
          namespace: kratix-worker-system
        data:
          canary: this confirms your infrastructure is reading from Kratix state stores

        """);

    internal static bool AreWanted(JsonObject destination) => destination["spec"]?["initWorkloads"]?["enabled"]?.GetValue<bool>() ?? true;

    /// <summary>Contents that nobody's state refers to are removed after a while, so they are kept anew before each write.</summary>
    internal static async Task<IReadOnlyList<string>> Keep(IContentStore content) => await content.PutMany([Namespace, ConfigMap], CancellationToken.None);

    internal static WriteIntent ToWrite(string destination, Location location)
    {
        var (ns, map) = FileLayout.TestDocuments(location);
        return Intent(destination, location, "Update", Stamp, [new PathChange.PutFile(Entry(ns, Namespace)), new PathChange.PutFile(Entry(map, ConfigMap))]);
    }

    /// <param name="others">Where other Destinations have theirs, which stay.</param>
    internal static WriteIntent ToTakeBack(string destination, Location location, HashSet<string> others)
    {
        var (ns, map) = FileLayout.TestDocuments(location);
        return Intent(
            destination, location, "Delete", PlacementWrites.ToRemove(Stamp),
            [.. new[] { ns, map }.Where(path => !others.Contains(path)).Select(path => new PathChange.DeleteFile(path))]);
    }

    private static string Stamp => Digest.Of(Digest.Of(Namespace), Digest.Of(ConfigMap))[..16];

    /// <summary>For each place there is one wish at a time, and a later one takes the place of an earlier.</summary>
    private static WriteIntent Intent(string destination, Location location, string action, string stamp, ImmutableArray<PathChange> changes) => new(
        $"destination/{destination} {Name} {FileLayout.TestDocuments(location).ConfigMap}", Name, action, $"destination/{destination}", stamp, changes);

    private static FileEntry Entry(string path, byte[] content) => new(path, Digest.Of(content), content.Length);
}
