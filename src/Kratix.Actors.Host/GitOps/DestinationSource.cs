using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.StateStores;

namespace Kratix.Actors.Host.GitOps;

/// <summary>
/// Where a Destination's files are, as the platform's objects name it. After a failure these are asked again, because the Destination, its store or the
/// Secret of that may be mended meanwhile.
/// </summary>
internal sealed class DestinationSource(IKubernetes platform, string destination, StateStoreSources sources) : IDisposable
{
    private IStateStoreSource? _source;

    /// <summary>The Destination's directory, from the root of the repository or bucket; empty: the root.</summary>
    internal string Path { get; private set; } = "";

    /// <summary>Finds out where the store is; whether it answers shows when it is read.</summary>
    internal async Task<Outcome<Nothing>> Open(CancellationToken cancellation)
    {
        var found = await Find(Kinds.Destination, destination, cancellation);
        if (found is not Outcome<JsonObject>.Done { Value: var item })
            return found.Select(_ => default(Nothing));
        var reference = item["spec"]?["stateStoreRef"];
        var (kindName, name) = (reference?["kind"]?.ToString() ?? "", reference?["name"]?.ToString() ?? "");
        if (new[] { Kinds.GitStateStore, Kinds.BucketStateStore }.FirstOrDefault(k => k.Kind == kindName) is not { } kind)
            return Refused($"Destination {destination}: spec.stateStoreRef.kind is '{kindName}'; write GitStateStore or BucketStateStore");
        var stored = await Find(kind, name, cancellation);
        if (stored is not Outcome<JsonObject>.Done { Value: var store })
            return stored.Select(_ => default(Nothing));
        var read = await StoreAddress.Read(platform, kind, store);
        if (read.Address is not { } address)
            return Refused($"{kindName} {name}: {read.Message}");
        var opened = sources.Open(address);
        if (opened is not Outcome<IStateStoreSource>.Done { Value: var source })
            return Refused($"{kindName} {name}: {opened.Failure}");
        (_source, Path) = (source, FileLayout.Join(store["spec"]?["path"]?.ToString() ?? "", item["spec"]?["path"]?.ToString() ?? ""));
        return new Outcome<Nothing>.Done(default);
    }

    /// <summary>Reads what is below <see cref="Path"/> and passes <paramref name="wanted"/>.</summary>
    internal async Task<Outcome<SourceSnapshot>> Read(Func<string, bool> wanted, CancellationToken cancellation)
    {
        if (_source is null && await Open(cancellation) is { Failure: not null } refused)
            return refused.Select(_ => default(SourceSnapshot)!);
        var snapshot = await _source!.Read(Path, wanted, cancellation);
        if (snapshot.Failure is not null)
            Dispose();
        return snapshot;
    }

    public void Dispose()
    {
        _source?.Dispose();
        _source = null;
    }

    private async Task<Outcome<JsonObject>> Find(ResourceType kind, string name, CancellationToken cancellation) => await platform.Get(kind, null, name, cancellation) switch
    {
        Outcome<JsonObject>.Done found => found,
        Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } => new Outcome<JsonObject>.Terminal(Refusal.NotFound, $"there is no {kind.Kind} {name}"),
        var failed => new Outcome<JsonObject>.Transient($"{kind.Kind} {name} cannot be read: {failed.Failure}"),
    };

    private static Outcome<Nothing> Refused(string why) => new Outcome<Nothing>.Terminal(Refusal.Invalid, why);
}
