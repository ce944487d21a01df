namespace Kratix.Actors.Standalone.Storage;

/// <summary>A kind of object as it is stored: API group ("" for core) and plural, independent of the version it is read in.</summary>
public readonly record struct GroupResource(string Group, string Resource)
{
    /// <summary>The spelling of Kubernetes' own messages: <c>configmaps</c>, <c>websites.example.com</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}

/// <summary>The address of one object. <see cref="Namespace"/> is "" for cluster-scoped objects.</summary>
public readonly record struct ObjectKey(GroupResource Resource, string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? $"{Resource}/{Name}" : $"{Resource}/{Namespace}/{Name}";
}
