using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// Whose an object is: the API server deletes it when its owner is gone. Four texts, and not the owner's whole tree, because what is published is remembered
/// as long as its owner is awake.
/// </summary>
internal sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid)
{
    internal static OwnerReference To(JsonObject owner) => new(owner["apiVersion"]?.ToString() ?? "", owner["kind"]?.ToString() ?? "", owner.Name(), owner.Uid());

    internal JsonObject ToJson() => new() { ["apiVersion"] = ApiVersion, ["kind"] = Kind, ["name"] = Name, ["uid"] = Uid };
}
