using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;

namespace Kratix.Actors.Standalone.Tables;

/// <summary>The <c>Table</c> kubectl asks for instead of objects, as negotiated by one request.</summary>
/// <param name="ApiVersion"><c>meta.k8s.io/v1</c> or <c>meta.k8s.io/v1beta1</c>.</param>
/// <param name="Include">What each row carries besides its cells: <c>Metadata</c> (default), <c>Object</c> or <c>None</c>.</param>
internal sealed record TableFormat(string ApiVersion, string Include)
{
    /// <summary>Null when the client did not ask for a table first.</summary>
    public static TableFormat? Of(string accept, string? include)
    {
        foreach (var offer in accept.Split(','))
        {
            if (offer.Contains("as=Table", StringComparison.Ordinal))
                return new TableFormat(offer.Contains("v=v1beta1", StringComparison.Ordinal) ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1", include is { Length: > 0 } ? include : "Metadata");
            if (offer.Trim() is "application/json" or "*/*") return null;
        }
        return null;
    }

    public JsonObject Table(ResourceType type, IEnumerable<JsonObject> objects, JsonObject metadata, DateTimeOffset now)
    {
        IReadOnlyList<Column> columns = type.Columns.Count > 0 ? type.Columns : [Column.NameColumn, Column.Age];
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = ApiVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = new JsonArray([.. columns.Select(c => (JsonNode)c.Definition())]),
            ["rows"] = new JsonArray([.. objects.Select(o => (JsonNode)Row(columns, o, now))]),
        };
    }

    private JsonObject Row(IReadOnlyList<Column> columns, JsonObject o, DateTimeOffset now)
    {
        var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(c => c.Cell(o, now))]) };
        if (Include == "Object") row["object"] = o;
        else if (Include != "None")
        {
            var metadata = o["metadata"]?.DeepClone();
            (metadata as JsonObject)?.Remove("managedFields");
            row["object"] = new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = ApiVersion, ["metadata"] = metadata };
        }
        return row;
    }
}
