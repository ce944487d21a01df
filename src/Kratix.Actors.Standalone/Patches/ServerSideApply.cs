using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;

namespace Kratix.Actors.Standalone.Patches;

/// <summary>
/// Server-side apply: the manager's intent is merged into the live object; fields it applied before and no longer does are removed unless
/// somebody else also owns them; a field of another manager with another value is a conflict unless forced.
/// </summary>
internal static class ServerSideApply
{
    /// <param name="live">Null when the object does not exist yet.</param>
    public static JsonObject Apply(JsonObject? live, JsonObject applied, ApiRequest request, string now)
    {
        var shape = Shape.Of(request.Type);
        var (manager, sub) = (request.FieldManager, request.Subresource);
        if (live is null)
        {
            // Before anybody walks through it: what was parsed and never looked at is copied for nothing.
            var made = applied.DeepClone().AsObject();
            ManagedFields.Write(made, [new ManagedFields.Entry(manager, "Apply", sub, request.Type.ApiVersion, now, FieldSet.Of(made, shape))]);
            return made;
        }

        var intended = FieldSet.Of(applied, shape);
        var actual = FieldSet.Of(live, shape);
        var entries = ManagedFields.Read(live);
        if (entries.Count == 0) entries = [new ManagedFields.Entry("before-first-apply", "Update", "", request.Type.ApiVersion, now, ManagedFields.WithoutStatus(actual))];
        var previous = entries.Find(e => e.IsOf(manager, "Apply", sub));
        var others = entries.Where(e => !e.IsOf(manager, "Apply", sub)).ToList();
        var disputed = intended.DisputedIn(actual);
        if (!request.Force) RefuseConflicts(others, disputed);
        others = [.. others.Select(e => e with { Fields = e.Fields.Except(disputed) })];

        var next = Merge(live.DeepClone().AsObject(), applied, shape);
        if (previous is not null) others.Aggregate(previous.Fields.Except(intended), (left, other) => left.Except(other.Fields)).RemoveFrom(next, shape);
        var unchanged = previous is not null && previous.Fields.SetEquals(intended) && disputed.IsEmpty;
        var mine = new ManagedFields.Entry(manager, "Apply", sub, request.Type.ApiVersion, unchanged ? previous!.Time : now, intended);
        ManagedFields.Write(next, others.Prepend(mine));
        return next;
    }

    private static void RefuseConflicts(IEnumerable<ManagedFields.Entry> others, FieldSet disputed)
    {
        var conflicts = others.Select(e => (Entry: e, Fields: e.Fields.Intersect(disputed).Shown().Order(StringComparer.Ordinal).ToList()))
            .Where(c => c.Fields.Count > 0).ToList();
        var count = conflicts.Sum(c => c.Fields.Count);
        if (count == 0) return;
        var texts = conflicts.Select(c => c.Fields.Count == 1
            ? $"conflict with {Named(c.Entry)}: {c.Fields[0]}"
            : $"conflicts with {Named(c.Entry)}:\n" + string.Join("\n", c.Fields.Select(f => $"- {f}")));
        var causes = conflicts.SelectMany(c => c.Fields.Select(f => (JsonNode)new JsonObject
        {
            ["reason"] = "FieldManagerConflict",
            ["message"] = $"conflict with {Named(c.Entry)}",
            ["field"] = f,
        }));
        throw new ApiException(
            409, "Conflict", $"Apply failed with {count} conflict{(count == 1 ? "" : "s")}: {string.Join("\n", texts)}", new JsonObject { ["causes"] = new JsonArray([.. causes]) });
    }

    private static string Named(ManagedFields.Entry e) =>
        $"\"{e.Manager}\"{(e.Subresource.Length > 0 ? $" with subresource \"{e.Subresource}\"" : "")} using {e.ApiVersion}";

    private static JsonObject Merge(JsonObject live, JsonObject applied, Shape shape)
    {
        foreach (var (name, value) in applied)
        {
            var child = shape.Child(name);
            switch (value)
            {
                case JsonObject { Count: > 0 } o when live[name] is JsonObject present && !child.IsAtomic:
                    Merge(present, o, child);
                    break;
                case JsonArray a when live[name] is JsonArray present && child.Keys.Count > 0:
                    MergeKeyed(present, a, child);
                    break;
                case JsonArray a when live[name] is JsonArray present && child.IsSet:
                    foreach (var item in a)
                        if (!present.Any(p => JsonNode.DeepEquals(p, item))) present.Add(item?.DeepClone());
                    break;
                case JsonObject { Count: 0 } when live[name] is JsonObject:
                    break;
                default:
                    live[name] = value?.DeepClone();
                    break;
            }
        }
        return live;
    }

    private static void MergeKeyed(JsonArray live, JsonArray applied, Shape shape)
    {
        foreach (var item in applied.OfType<JsonObject>())
        {
            var step = FieldSet.KeyStep(item, shape.Keys);
            if (live.OfType<JsonObject>().FirstOrDefault(l => FieldSet.KeyStep(l, shape.Keys) == step) is { } present) Merge(present, item, shape.Item());
            else live.Add(item.DeepClone());
        }
    }
}
