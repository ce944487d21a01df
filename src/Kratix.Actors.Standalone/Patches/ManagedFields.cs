using System.Collections.Immutable;
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
    public sealed record Entry(string Manager, string Operation, string Subresource, string ApiVersion, string Time, ImmutableHashSet<string> Fields)
    {
        public bool IsOf(string manager, string operation, string subresource) =>
            Manager == manager && Operation == operation && Subresource == subresource;
    }

    public static List<Entry> Read(JsonObject o) => o.At("metadata", "managedFields") is JsonArray list
        ? [.. list.OfType<JsonObject>().Select(e => new Entry(
            e.Text("manager"), e.Text("operation"), e.Text("subresource"), e.Text("apiVersion"), e.Text("time"), FieldSet.FromFieldsV1(e["fieldsV1"])))]
        : [];

    public static void Write(JsonObject o, IEnumerable<Entry> entries)
    {
        var list = new JsonArray();
        foreach (var e in entries.Where(e => e.Fields.Count > 0))
        {
            var entry = new JsonObject
            {
                ["apiVersion"] = e.ApiVersion,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = FieldSet.ToFieldsV1(e.Fields),
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

    /// <summary>A new custom object's fields are its creator's.</summary>
    public static void OfCreation(JsonObject o, ApiRequest request, string now)
    {
        var fields = FieldSet.Leaves(o, Shape.Of(request.Type)).Keys.Where(f => !f.StartsWith("f:status", StringComparison.Ordinal));
        Write(o, [new Entry(request.FieldManager, "Update", "", request.Type.ApiVersion, now, [.. fields])]);
    }

    /// <summary>After a write that was not an apply: what it changed is now its manager's, what it removed is nobody's.</summary>
    public static JsonObject AfterUpdate(JsonObject before, JsonObject next, ApiRequest request, string now)
    {
        // An explicit list with one empty entry is the documented way to forget all owners.
        var forget = next.At("metadata", "managedFields") is JsonArray { Count: 1 } sent && sent[0] is JsonObject { Count: 0 };
        var entries = forget ? [] : Read(before);
        if (entries.Count == 0)
        {
            next.Child("metadata")?.Remove("managedFields");
            return next;
        }
        if (request.Subresource == "status" && entries.TrueForAll(e => e.Subresource != "status"))
        {
            next.Made("metadata")["managedFields"] = before.At("metadata", "managedFields")!.DeepClone();
            return next;
        }

        var shape = Shape.Of(request.Type);
        var (old, fresh) = (FieldSet.Leaves(before, shape), FieldSet.Leaves(next, shape));
        bool IsInScope(string path) => (request.Subresource == "status") == path.StartsWith("f:status", StringComparison.Ordinal) || !request.Type.HasStatus;
        var changed = fresh.Where(f => IsInScope(f.Key) && !(old.TryGetValue(f.Key, out var was) && JsonNode.DeepEquals(was, f.Value))).Select(f => f.Key).ToImmutableHashSet();
        var removed = old.Keys.Where(p => IsInScope(p) && !fresh.ContainsKey(p)).ToImmutableHashSet();
        if (changed.IsEmpty && removed.IsEmpty)
        {
            next.Made("metadata")["managedFields"] = before.At("metadata", "managedFields")!.DeepClone();
            return next;
        }
        var (manager, sub) = (request.FieldManager, request.Subresource);
        var mine = entries.Find(e => e.IsOf(manager, "Update", sub)) ?? new Entry(manager, "Update", sub, request.Type.ApiVersion, now, []);
        var others = entries.Where(e => !e.IsOf(manager, "Update", sub)).Select(e => e with { Fields = e.Fields.Except(changed).Except(removed) });
        mine = mine with { Fields = mine.Fields.Except(removed).Union(changed), Time = now, ApiVersion = request.Type.ApiVersion };
        Write(next, others.Append(mine));
        return next;
    }
}
