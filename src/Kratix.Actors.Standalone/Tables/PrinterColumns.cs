using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Tables;

/// <summary>The columns a CustomResourceDefinition asks for; <c>Age</c> when it asks for none.</summary>
internal static class PrinterColumns
{
    public static IReadOnlyList<Column> Of(JsonArray? declared) =>
        declared is null or { Count: 0 }
            ? [Column.NameColumn, Column.Age]
            : [Column.NameColumn, .. declared.OfType<JsonObject>().Select(Of)];

    private static Column Of(JsonObject c)
    {
        var path = JsonPath.Parse(c.Text("jsonPath"));
        var type = c.Text("type");
        var priority = c["priority"] is JsonValue p ? int.Parse(p.AsText(), CultureInfo.InvariantCulture) : 0;
        return new Column(c.Text("name"), type, priority, c.Text("description"), (o, now) => Cell(path.Select(o), type, now), c.Text("format"));
    }

    private static JsonNode? Cell(IEnumerable<JsonNode> found, string type, DateTimeOffset now)
    {
        var values = found.ToList();
        if (values.Count == 0) return null;
        return type switch
        {
            "date" => Age.Since(values[0].AsText(), now),
            "integer" or "number" or "boolean" when values[0] is JsonValue v => v.DeepClone(),
            _ => string.Join(",", values.Select(JsonPath.Shown)),
        };
    }
}
