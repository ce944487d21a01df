namespace Kratix.Actors.Kubernetes;

/// <summary>Which objects of a kind: those with these labels, the one of this name; null: all.</summary>
internal sealed record Selection(string? Labels, string? Name)
{
    /// <summary>As <c>fieldSelector</c>. In just this form the API server lets who may see only the objects that a role names see one of them.</summary>
    internal string? Fields => Name is null ? null : $"metadata.name={Name}";
}
