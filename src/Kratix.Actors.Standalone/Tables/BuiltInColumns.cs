using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Tables;

/// <summary>What kubectl users expect to see of the built-in kinds.</summary>
internal static class BuiltInColumns
{
    public static readonly IReadOnlyList<Column> Namespaces = [Column.NameColumn, Text("Status", "status", "phase"), Column.Age];

    public static readonly IReadOnlyList<Column> ConfigMaps =
        [Column.NameColumn, Number("Data", static o => Count(o["data"]) + Count(o["binaryData"])), Column.Age];

    public static readonly IReadOnlyList<Column> Secrets =
        [Column.NameColumn, Text("Type", "type"), Number("Data", static o => Count(o["data"])), Column.Age];

    public static readonly IReadOnlyList<Column> ServiceAccounts = [Column.NameColumn, Number("Secrets", static o => Count(o["secrets"])), Column.Age];

    public static readonly IReadOnlyList<Column> Pods =
    [
        Column.NameColumn,
        Shown("Ready", static o => $"{Containers(o).Count(c => c["ready"].IsTrue())}/{Count(o.At("spec", "containers"))}"),
        Shown("Status", PodStatus),
        Shown("Restarts", static o => Containers(o).Sum(c => c["restartCount"] is JsonValue n ? int.Parse(n.AsText(), CultureInfo.InvariantCulture) : 0).ToString(CultureInfo.InvariantCulture)),
        Column.Age,
    OrNone("IP", "status", "podIP") with { Priority = 1 },
    OrNone("Node", "spec", "nodeName") with { Priority = 1 },
    ];

    public static readonly IReadOnlyList<Column> Events =
    [
        new Column("Last Seen", "string", 0, "", static (o, now) => Age.Since(EventTime(o), now)),
        Text("Type", "type"),
        Text("Reason", "reason"),
        Shown("Object", static o => Involved(o) is { } i ? $"{i.Text("kind").ToLowerInvariant()}/{i.Text("name")}" : ""),
        Shown("Message", static o => (o.TextOrNull("message") ?? o.Text("note")).Trim()),
        Shown("Source", static o => o.At("source", "component").AsText() is { Length: > 0 } c ? c : o.Text("reportingComponent")) with { Priority = 1 },
        Shown("Count", static o => o["count"].AsText()) with { Priority = 1 },
        Column.NameColumn with { Priority = 1 },
    ];

    public static readonly IReadOnlyList<Column> CustomResourceDefinitions =
        [Column.NameColumn, new Column("Created At", "date", 0, "", static (o, _) => o.At("metadata", "creationTimestamp").AsText())];

    public static readonly IReadOnlyList<Column> NameAndCreated = CustomResourceDefinitions;

    public static readonly IReadOnlyList<Column> RoleBindings =
    [
        Column.NameColumn,
        Shown("Role", static o => $"{o.At("roleRef", "kind").AsText()}/{o.At("roleRef", "name").AsText()}"),
        Column.Age,
        Shown("Users", static o => Subjects(o, "User")) with { Priority = 1 },
        Shown("Groups", static o => Subjects(o, "Group")) with { Priority = 1 },
        Shown("ServiceAccounts", static o => Subjects(o, "ServiceAccount")) with { Priority = 1 },
    ];

    public static readonly IReadOnlyList<Column> Jobs =
    [
        Column.NameColumn,
        Shown("Status", static o => Conditions(o).Where(c => c.Text("status") == "True").Select(c => c.Text("type")).FirstOrDefault(t => t is "Complete" or "Failed" or "Suspended") ?? "Running"),
        Shown("Completions", static o => $"{(o.At("status", "succeeded") is { } s ? s.AsText() : "0")}/{(o.At("spec", "completions") is { } c ? c.AsText() : "1")}"),
        Column.Age,
    ];

    public static readonly IReadOnlyList<Column> Leases = [Column.NameColumn, Text("Holder", "spec", "holderIdentity"), Column.Age];

    private static Column Text(string name, params string[] path) => Shown(name, o => ((JsonNode?)o).At(path).AsText());

    private static Column OrNone(string name, params string[] path) =>
        Shown(name, o => ((JsonNode?)o).At(path).AsText() is { Length: > 0 } text ? text : "<none>");

    private static Column Shown(string name, Func<JsonObject, string> cell) => new(name, "string", 0, "", (o, _) => cell(o));

    private static Column Number(string name, Func<JsonObject, int> cell) => new(name, "integer", 0, "", (o, _) => cell(o));

    private static int Count(JsonNode? node) => node switch { JsonObject o => o.Count, JsonArray a => a.Count, _ => 0 };

    private static IEnumerable<JsonObject> Containers(JsonObject pod) => pod.At("status", "containerStatuses") is JsonArray a ? a.OfType<JsonObject>() : [];

    private static IEnumerable<JsonObject> Conditions(JsonObject o) => o.At("status", "conditions") is JsonArray a ? a.OfType<JsonObject>() : [];

    private static JsonObject? Involved(JsonObject e) => e.Child("involvedObject") ?? e.Child("regarding");

    private static string Subjects(JsonObject binding, string kind) => binding["subjects"] is JsonArray a
        ? string.Join(", ", a.OfType<JsonObject>().Where(s => s.Text("kind") == kind).Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name")))
        : "";

    private static string EventTime(JsonObject e) =>
        new[] { e.At("series", "lastObservedTime"), e["lastTimestamp"], e["deprecatedLastTimestamp"], e["eventTime"], e.At("metadata", "creationTimestamp") }
            .Select(t => t.AsText()).First(t => t.Length > 0);

    /// <summary>The one word kubectl shows for a Pod: what keeps it from running, else its phase.</summary>
    private static string PodStatus(JsonObject pod)
    {
        if (pod.At("metadata", "deletionTimestamp") is not null) return "Terminating";
        var init = pod.At("status", "initContainerStatuses") is JsonArray statuses ? statuses.OfType<JsonObject>().ToList() : [];
        for (var i = 0; i < init.Count; i++)
        {
            if (init[i].At("state", "terminated") is JsonObject done)
            {
                if (done["exitCode"].AsText() == "0") continue;
                return "Init:" + (done.TextOrNull("reason") ?? $"ExitCode:{done["exitCode"].AsText()}");
            }
            if (init[i].At("state", "waiting", "reason").AsText() is { Length: > 0 } waits && waits != "PodInitializing") return "Init:" + waits;
            return $"Init:{i}/{Count(pod.At("spec", "initContainers"))}";
        }
        foreach (var c in Containers(pod).Reverse())
        {
            if (c.At("state", "waiting", "reason").AsText() is { Length: > 0 } waiting) return waiting;
            if (c.At("state", "terminated") is JsonObject done)
                return done.TextOrNull("reason") is { Length: > 0 } reason ? reason : $"ExitCode:{done["exitCode"].AsText()}";
        }
        return pod.At("status", "reason").AsText() is { Length: > 0 } why ? why : pod.At("status", "phase").AsText();
    }
}
