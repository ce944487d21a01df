using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.StateStores;

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

    internal JsonObject OfDestination(JsonObject destination, bool storeKnown, bool storeReady, DateTimeOffset now)
    {
        var store = $"{destination["spec"]?["stateStoreRef"]?["kind"]}/{destination["spec"]?["stateStoreRef"]?["name"]}";
        var condition = storeReady ? ReadyCondition(destination, true, "DestinationReady", "Destination is ready", now)
            : storeKnown ? ReadyCondition(destination, false, "StateStoreNotReady", $"{store}: not ready", now)
            : ReadyCondition(destination, false, "StateStoreNotFound", $"{store}: not found", now);
        return new JsonObject { ["conditions"] = new JsonArray(condition) };
    }

    private JsonObject ReadyCondition(JsonObject item, bool ready, string reason, string message, DateTimeOffset now)
    {
        var status = ready ? "True" : "False";
        if (!_known.TryGetValue(item.Uid(), out var known))
        {
            var shown = (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == "Ready");
            known = (shown?["status"]?.ToString() ?? "", shown?["lastTransitionTime"]?.ToString() ?? StatusParts.Time(now));
        }

        _known[item.Uid()] = known = known.Status == status ? known : (status, StatusParts.Time(now));
        return new JsonObject
        {
            ["type"] = "Ready", ["status"] = status, ["reason"] = reason, ["message"] = message, ["lastTransitionTime"] = known.Since,
        };
    }
}
