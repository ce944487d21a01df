using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>What an Event is to say of a readiness that has changed.</summary>
internal readonly record struct ReadinessNews(string Type, string Reason, string Message);

/// <summary>
/// The statuses of Destinations and state stores. It remembers since when each has been (un)ready: nothing about readiness is worth a journal row, so the
/// first time comes from the object, and after that from here. An observation may be older than what was written last; a time taken from
/// it would be written, observed, and taken for the next, for ever.
/// </summary>
internal sealed class Readiness
{
    private readonly Dictionary<string, (string Status, string Since)> _known = new(StringComparer.Ordinal);

    /// <summary>The status, and what to tell of a store that was not like this when it was last looked at.</summary>
    internal (JsonObject Status, ReadinessNews? News) OfStore(ResourceType kind, JsonObject store, StoreCheck check, DateTimeOffset now)
    {
        var ready = check.Address is not null;
        ReadinessNews? news = Known(store) == (ready ? "True" : "False") ? null
            : ready ? new("Normal", "Ready", $"{kind.Kind} \"{store.Name()}\" is ready")
            : new("Warning", "NotReady", $"{kind.Kind} \"{store.Name()}\" is not ready: {check.Message}");
        return (new JsonObject
        {
            ["status"] = ready ? "Ready" : "NotReady",
            ["observedGeneration"] = store.Generation(),
            ["conditions"] = new JsonArray(ReadyCondition(store, ready, check.Reason, check.Message, now)),
        }, news);
    }

    /// <summary>Nothing is said of a Destination whose store nobody has looked at yet, and nothing told of one that is new and not ready.</summary>
    /// <param name="occupied">Of one that takes its files along: how many still have files here; below 0: not known yet.</param>
    /// <param name="answer">What became of its test documents.</param>
    internal (bool Ready, JsonObject? Condition, ReadinessNews? News) OfDestination(JsonObject destination, StoreStanding standing, int? occupied, WriteAnswer? answer, string? unheld, DateTimeOffset now)
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
                // Until its documents are answered what it showed stands: an engine that starts knows no better.
                _ when Known(destination) == "True" => null,
                _ => (false, "DestinationNotReady", "Destination is not ready"),
            },
        };
        if (said is not var (ready, reason, message))
            return (false, null, null);
        ReadinessNews? news = (Known(destination) == "True") == ready ? null
            : ready ? new("Normal", "DestinationReady", "Destination is Ready")
            : new("Warning", "DestinationNotReady", message);
        return (ready, ReadyCondition(destination, ready, reason, message, now), news);
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
