using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Tables;

/// <summary>One column of a <c>Table</c>.</summary>
/// <param name="Priority">0 is always shown; more only with <c>-o wide</c>.</param>
/// <param name="Cell">The cell of one object at a moment: a string, number or boolean.</param>
internal sealed record Column(string Name, string Type, int Priority, string Description, Func<JsonObject, DateTimeOffset, JsonNode?> Cell, string Format = "")
{
    public static readonly Column NameColumn = new(
        "Name", "string", 0, "Name must be unique within a namespace.", static (o, _) => o.At("metadata", "name").AsText(), "name");

    public static readonly Column Age = new(
        "Age", "string", 0, "Time since the object was created.", static (o, now) => Tables.Age.Since(o.At("metadata", "creationTimestamp").AsText(), now));

    public JsonObject Definition() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };
}
