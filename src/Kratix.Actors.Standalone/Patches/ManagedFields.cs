using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>
/// <c>metadata.managedFields</c>: who last set which field. Custom objects carry it from their creation, because whoever asked for something
/// should be found in its history; built-in ones from their first server-side apply on, and what those held before is then owned by
/// <c>before-first-apply</c>. Writers of status are recorded only where somebody applies it.
/// </summary>
internal static class ManagedFields
{
    public sealed record Entry(string Manager, string Operation, string Subresource, string ApiVersion, string Time, FieldSet Fields)
    {
        public bool IsOf(string manager, string operation, string subresource) =>
            Manager == manager && Operation == operation && Subresource == subresource;
    }

    public static List<Entry> Read(JsonObject o) => o.At("metadata", "managedFields") is JsonArray list
        ? [.. list.OfType<JsonObject>().Select(e => new Entry(
            e.Text("manager"), e.Text("operation"), e.Text("subresource"), e.Text("apiVersion"), e.Text("time"), FieldSet.OfFieldsV1(e["fieldsV1"])))]
        : [];

    public static void Write(JsonObject o, IEnumerable<Entry> entries)
    {
        var list = new JsonArray();
        foreach (var e in entries.Where(e => !e.Fields.IsEmpty))
        {
            var entry = new JsonObject
            {
                ["apiVersion"] = e.ApiVersion,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = e.Fields.ToFieldsV1(),
                ["manager"] = e.Manager,
                ["operation"] = e.Operation,
                ["time"] = e.Time,
            };
            if (e.Subresource.Length > 0) entry["subresource"] = e.Subresource;
            list.Add(entry);
        }
        if (list.Count == 0) o.Made("metadata").Remove("managedFields");
        else o.Made("metadata")["managedFields"] = list;
    }

    /// <summary>What is not status: writers of status are recorded only where somebody applies it.</summary>
    public static FieldSet WithoutStatus(FieldSet fields) => fields.Where(step => !IsStatus(step));

    /// <summary>A new custom object's fields are its creator's.</summary>
    public static void OfCreation(JsonObject o, ApiRequest request, string now) =>
        Write(o, [new Entry(request.FieldManager, "Update", "", request.Type.ApiVersion, now, WithoutStatus(FieldSet.Of(o, Shape.Of(request.Type))))]);

    /// <summary>After a write that was not an apply: what it changed is now its manager's, what it removed is nobody's.</summary>
    public static JsonObject AfterUpdate(JsonObject before, JsonObject next, ApiRequest request, string now)
    {
        // An explicit list with one empty entry is the documented way to forget all owners.
        var forget = next.At("metadata", "managedFields") is JsonArray { Count: 1 } sent && sent[0] is JsonObject { Count: 0 };
        if (forget || before.At("metadata", "managedFields") is not JsonArray { Count: > 0 } recorded)
        {
            next.Child("metadata")?.Remove("managedFields");
            return next;
        }
        if (request.Subresource == "status" && recorded.All(e => e.At("subresource").AsText() != "status")) return AsRecorded(next, recorded);

        var entries = Read(before);
        var shape = Shape.Of(request.Type);
        bool IsInScope(string step) => (request.Subresource == "status") == IsStatus(step) || !request.Type.HasStatus;
        var (old, fresh) = (FieldSet.Of(before, shape).Where(IsInScope), FieldSet.Of(next, shape).Where(IsInScope));
        var (changed, removed) = (fresh.ChangedSince(old), old.Except(fresh));
        if (changed.IsEmpty && removed.IsEmpty) return AsRecorded(next, recorded);
        var (manager, sub) = (request.FieldManager, request.Subresource);
        var mine = entries.Find(e => e.IsOf(manager, "Update", sub)) ?? new Entry(manager, "Update", sub, request.Type.ApiVersion, now, FieldSet.Empty);
        var others = entries.Where(e => !e.IsOf(manager, "Update", sub)).Select(e => e with { Fields = e.Fields.Except(changed).Except(removed) });
        mine = mine with { Fields = mine.Fields.Except(removed).Union(changed), Time = now, ApiVersion = request.Type.ApiVersion };
        Write(next, others.Append(mine));
        return next;
    }

    /// <summary>Nobody gains or loses a field, whatever the body says of it.</summary>
    private static JsonObject AsRecorded(JsonObject next, JsonArray recorded)
    {
        if (!JsonNode.DeepEquals(next.At("metadata", "managedFields"), recorded)) next.Made("metadata")["managedFields"] = recorded.DeepClone();
        return next;
    }

    private static bool IsStatus(string step) => step.StartsWith("f:status", StringComparison.Ordinal);
}
