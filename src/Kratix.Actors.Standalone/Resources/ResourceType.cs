using Kratix.Actors.Standalone.Schemas;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Resources;

/// <summary>One kind in one version, as discovery lists it and as requests address it.</summary>
public sealed record ResourceType
{
    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Kind { get; init; }

    public required string Plural { get; init; }

    public string Singular { get; init; } = "";

    public bool Namespaced { get; init; } = true;

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Besides <c>status</c>: what may follow an object's name in a path, with the methods allowed there.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    public bool HasStatus { get; init; }

    /// <summary>Kubernetes counts generations of these.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Review kinds are asked (POST) and never stored.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = AllVerbs;

    /// <summary>Stored under the plural of this group instead of its own (events exist in two groups).</summary>
    public GroupResource? StoredAs { get; init; }

    /// <summary>Null for built-in kinds.</summary>
    internal StructuralSchema? Schema { get; init; }

    /// <summary>The version objects of this kind are stored in; the own one unless said.</summary>
    internal string StorageApiVersion { get => field ?? ApiVersion; init; }

    /// <summary>Resource version of the definition: objects written before it may not yet know its schema.</summary>
    internal long DefinedAt { get; init; }

    internal string ListKind { get; init; } = "";

    internal IReadOnlyList<Column> Columns { get; init; } = [];

    /// <summary>Field selectors beyond metadata.name and metadata.namespace, as dotted paths.</summary>
    internal IReadOnlyList<string> SelectableFields { get; init; } = [];

    public static readonly IReadOnlyList<string> AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>True for a kind made by a CustomResourceDefinition.</summary>
    public bool IsCustom => Schema is not null;

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public GroupResource GroupResource => new(Group, Plural);

    public GroupResource Storage => StoredAs ?? GroupResource;

    public ObjectKey Key(string ns, string name) => new(Storage, Namespaced ? ns : "", name);
}
