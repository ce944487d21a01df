using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// The statuses of Destinations and state stores. It remembers since when each has been (un)ready: nothing about readiness is worth a journal row, so the
/// first time comes from the object, and after that from here. An observation may be older than what was written last; a time taken from
/// it would be written, observed, and taken for the next, for ever.
/// </summary>
internal sealed class Readiness
{
    private readonly Dictionary<string, (string Status, string Since)> _known = new(StringComparer.Ordinal);

    internal JsonObject OfStore(JsonObject store, StoreCheck check, DateTimeOffset now)
    {
        var ready = check.Address is not null;
        return new JsonObject
        {
            ["status"] = ready ? "Ready" : "NotReady",
            ["observedGeneration"] = store.Generation(),
            ["conditions"] = new JsonArray(ReadyCondition(store, ready, check.Reason, check.Message, now)),
        };
    }

    /// <summary>What to tell of a store that was not like this when it was last looked at; null: nothing. Asked before <see cref="OfStore"/>.</summary>
    internal (string Type, string Reason, string Message)? NewsOfStore(ResourceType kind, JsonObject store, StoreCheck check)
    {
        var ready = check.Address is not null;
        return Known(store) == (ready ? "True" : "False") ? null
            : ready ? ("Normal", "Ready", $"{kind.Kind} \"{store.Name()}\" is ready")
            : ("Warning", "NotReady", $"{kind.Kind} \"{store.Name()}\" is not ready: {check.Message}");
    }

    /// <summary>Nothing is said of a Destination whose store nobody has looked at yet.</summary>
    /// <param name="occupied">Of one that takes its files along: how many still have files here; below 0: not known yet.</param>
    /// <param name="answer">What became of its test documents.</param>
    internal (bool Ready, JsonObject? Condition) OfDestination(JsonObject destination, StoreStanding standing, int? occupied, WriteAnswer? answer, string? unheld, DateTimeOffset now)
    {
        var store = $"{destination["spec"]?["stateStoreRef"]?["kind"]}/{destination["spec"]?["stateStoreRef"]?["name"]}";
        (bool Ready, string Reason, string Message)? said = standing switch
        {
            _ when occupied is { } by => (false, "DestinationNotReady", $"Destination is being deleted: {(by > 0 ? $"{by} Promises and requests have files to be taken back" : "its files are being taken back")}"),
            _ when unheld is not null => (false, "DestinationFinalizerUpdateFailed", $"Failed to update the finalizer: {unheld}"),
            StoreStanding.Unknown => null,
            StoreStanding.Gone => (false, "StateStoreNotFound", $"{store}: not found"),
            StoreStanding.NotReady => (false, "StateStoreNotReady", $"{store}: not ready"),
            _ when !TestDocuments.AreWanted(destination) => (true, "DestinationReady", "Destination is ready"),
            _ => answer switch
            {
                WriteAnswer.Written => (true, "TestDocumentsWritten", "Test documents written to State Store"),
                WriteAnswer.Failed failed => (false, "StateStoreWriteFailed", $"Failed to write test documents to State Store: {failed.Reason}"),
                _ => (false, "DestinationNotReady", "Destination is not ready"),
            },
        };
        return said is { } s ? (s.Ready, ReadyCondition(destination, s.Ready, s.Reason, s.Message, now)) : (false, null);
    }

    private JsonObject ReadyCondition(JsonObject item, bool ready, string reason, string message, DateTimeOffset now)
    {
        var status = ready ? "True" : "False";
        if (!_known.TryGetValue(item.Uid(), out var known))
            known = (Shown(item)?["status"]?.ToString() ?? "", Shown(item)?["lastTransitionTime"]?.ToString() ?? StatusParts.Time(now));

        _known[item.Uid()] = known = known.Status == status ? known : (status, StatusParts.Time(now));
        return new JsonObject
        {
            ["type"] = "Ready", ["status"] = status, ["reason"] = reason, ["message"] = message, ["lastTransitionTime"] = known.Since,
        };
    }

    private string? Known(JsonObject item) => _known.TryGetValue(item.Uid(), out var known) ? known.Status : Shown(item)?["status"]?.ToString();

    private static JsonObject? Shown(JsonObject item) => item.Condition("Ready");
}
