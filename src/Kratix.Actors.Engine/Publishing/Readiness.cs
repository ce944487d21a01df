using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.StateStores;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>The statuses of Destinations and state stores.</summary>
internal static class Readiness
{
    internal static JsonObject OfStore(JsonObject store, StoreCheck check, DateTimeOffset now)
    {
        var ready = check.Address is not null;
        return new JsonObject
        {
            ["status"] = ready ? "Ready" : "NotReady",
            ["observedGeneration"] = store.Generation(),
            ["conditions"] = new JsonArray(ReadyCondition(store, ready, check.Reason, check.Message, now)),
        };
    }

    internal static JsonObject OfDestination(JsonObject destination, bool storeKnown, bool storeReady, DateTimeOffset now)
    {
        var store = $"{destination["spec"]?["stateStoreRef"]?["kind"]}/{destination["spec"]?["stateStoreRef"]?["name"]}";
        var condition = storeReady ? ReadyCondition(destination, true, "DestinationReady", "Destination is ready", now)
            : storeKnown ? ReadyCondition(destination, false, "StateStoreNotReady", $"{store}: not ready", now)
            : ReadyCondition(destination, false, "StateStoreNotFound", $"{store}: not found", now);
        return new JsonObject { ["conditions"] = new JsonArray(condition) };
    }

    /// <summary>The time stays that of the last change, which only the object itself remembers: nothing about readiness is worth a journal row.</summary>
    private static JsonObject ReadyCondition(JsonObject item, bool ready, string reason, string message, DateTimeOffset now)
    {
        var status = ready ? "True" : "False";
        var before = (item["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(c => c?["type"]?.ToString() == "Ready");
        var since = before?["status"]?.ToString() == status ? before["lastTransitionTime"]?.ToString() : null;
        return new JsonObject
        {
            ["type"] = "Ready", ["status"] = status, ["reason"] = reason, ["message"] = message, ["lastTransitionTime"] = since ?? StatusParts.Time(now),
        };
    }
}
