using System.Text.Json.Nodes;

namespace Kratix.Actors.Host.GitOps;

/// <summary>An object that was applied, as the inventory lists it: <c>apiVersion kind namespace/name</c>, without the namespace where there is none.</summary>
internal sealed record AppliedObject(string ApiVersion, string Kind, string? Namespace, string Name)
{
    public override string ToString() => $"{ApiVersion} {Kind} {(Namespace is null ? "" : Namespace + "/")}{Name}";

    internal static AppliedObject? Parse(string line) => line.Split(' ') is [var version, var kind, var name]
        ? name.Split('/') is [var ns, var inside] ? new AppliedObject(version, kind, ns, inside) : new AppliedObject(version, kind, null, name)
        : null;
}

/// <summary>A document of the state store that is to be applied. <paramref name="File"/> is for messages.</summary>
internal sealed record WantedObject(string File, JsonObject Body)
{
    internal string ApiVersion => Body["apiVersion"]?.ToString() ?? "";

    internal string Kind => Body["kind"]?.ToString() ?? "";

    internal string Name => Body["metadata"]?["name"]?.ToString() ?? "";

    internal string? Namespace => Body["metadata"]?["namespace"]?.ToString();

    /// <summary>What others need to exist comes first; among equals the order of the files stays.</summary>
    internal int Rank => Kind switch { "Namespace" => 0, "CustomResourceDefinition" => 1, _ => 2 };
}
