using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Standalone;
using Kratix.Actors.Standalone.Lifecycle;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Host.Composition;

/// <summary>
/// On the API server of this process a request gets the engine's finalizers and its Promise's name in the write that creates it, instead of in one that follows. Elsewhere,
/// and whenever this could not tell whose request it is, the engine puts them on when it sees the object.
/// </summary>
internal static class RequestAdmission
{
    private const string Name = "mrequest.kratix.io";
    private static readonly GroupResource Definitions = new(Kinds.Crd.Group, Kinds.Crd.Plural);
    private static readonly GroupResource Promises = new(Kinds.Promise.Group, Kinds.Promise.Plural);

    internal static void AddTo(StandaloneApiServer api) => api.Admission.Add(Name, (write, _) =>
    {
        if (write is { Operation: "CREATE", Object: { } item } && PromiseOf(api.Store, write.Type) is { } promise)
            TakeUp(item["metadata"]!.AsObject(), promise);
        return new(AdmissionDecision.Pass);
    });

    /// <summary>The Promise that serves requests of this kind and is not being deleted, or null.</summary>
    private static string? PromiseOf(ObjectStore store, Standalone.Resources.ResourceType type) =>
        type.IsCustom
        && store.Get(new ObjectKey(Definitions, "", $"{type.Plural}.{type.Group}"))?.Header.Labels.GetValueOrDefault(Marks.PromiseName) is { } promise
        && store.Get(new ObjectKey(Promises, "", promise)) is { Header.DeletionTimestamp: null }
            ? promise
            : null;

    private static void TakeUp(JsonObject metadata, string promise)
    {
        if (metadata["labels"] is not JsonObject labels)
            metadata["labels"] = labels = [];
        labels[Marks.PromiseName] = promise;
        if (metadata["finalizers"] is not JsonArray finalizers)
            metadata["finalizers"] = finalizers = [];
        var present = finalizers.Select(f => f?.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var finalizer in ResourceFinalizers.All.Where(f => !present.Contains(f)))
            finalizers.Add(finalizer);
    }
}
