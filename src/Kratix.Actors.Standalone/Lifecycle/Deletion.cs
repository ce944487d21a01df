using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>What a delete asks for beyond the object itself.</summary>
/// <param name="GracePeriodSeconds">Null for the kind's own.</param>
/// <param name="Propagation"><c>Background</c>, <c>Foreground</c>, <c>Orphan</c>, or "" for the default (background).</param>
internal sealed record DeleteOptions(long? GracePeriodSeconds, string Propagation, string Uid, string ResourceVersion)
{
    public static readonly DeleteOptions None = new(null, "", "", "");

    public static DeleteOptions Of(ApiRequest request, JsonObject? body)
    {
        var grace = (body is not null ? body.TextOrNull("gracePeriodSeconds") : null) ?? request.Query("gracePeriodSeconds");
        var propagation = (body is not null ? body.TextOrNull("propagationPolicy") : null) ?? request.Query("propagationPolicy") ?? "";
        if ((body?["orphanDependents"].IsTrue() ?? false) || request.QueryIsTrue("orphanDependents")) propagation = "Orphan";
        if (propagation is not ("" or "Background" or "Foreground" or "Orphan"))
            throw ApiException.BadRequest($"propagationPolicy: Unsupported value: \"{propagation}\": supported values: \"Background\", \"Foreground\", \"Orphan\"");
        var preconditions = body?.Child("preconditions");
        return new DeleteOptions(
            grace is { Length: > 0 } ? long.Parse(grace, CultureInfo.InvariantCulture) : null,
            propagation,
            preconditions?.Text("uid") ?? "",
            preconditions?.Text("resourceVersion") ?? "");
    }
}

/// <summary>An object after a delete: gone, or marked and waiting for its finalizers (or, a Pod, for its containers).</summary>
internal sealed record Deleted(JsonObject LastState, bool IsGone);

internal sealed class Deletion(ObjectStore store, AdmissionHooks admission)
{
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";

    public static readonly string[] LastingNamespaces = ["default", "kube-system", "kube-public"];

    public async Task<Deleted> Delete(ApiRequest request, string name, DeleteOptions options)
    {
        var type = request.Type;
        var key = type.Key(request.Namespace ?? "", name);
        if (type == BuiltIn.Namespaces && LastingNamespaces.Contains(name)) throw ApiException.Forbidden(type, name, "this namespace may not be deleted");
        while (true)
        {
            var current = store.Get(key) ?? throw ApiException.NotFound(type, name);
            CheckPreconditions(type, name, current, options);
            var before = Versions.PresentTree(type, current);
            await admission.Ask(new AdmissionRequest("DELETE", type, request.Namespace ?? "", name, "", null, before, request.IsDryRun), request);
            var next = Marked(type, current.Parse(), options);
            var gone = ObjectMetadata.IsFinished(next);
            if (request.IsDryRun) return new Deleted(before, gone);
            if (await store.Write(current, next) is { } written) return new Deleted(Versions.PresentTree(type, written), gone);
        }
    }

    /// <summary>The same without a client: what the garbage collector and the namespace's end do.</summary>
    public async Task Delete(StoredObject found, ResourceType type, DeleteOptions options)
    {
        while (store.Get(found.Key) is { } current && current.Header.Uid == found.Header.Uid)
        {
            var next = Marked(type, current.Parse(), options);
            if (await store.Write(current, next) is not null) return;
        }
    }

    private JsonObject Marked(ResourceType type, JsonObject o, DeleteOptions options)
    {
        var metadata = o.Made("metadata");
        var grace = Grace(type, o, options);
        if (metadata["deletionTimestamp"] is null)
        {
            metadata["deletionTimestamp"] = ObjectMetadata.Timestamp(store.Time.GetUtcNow().AddSeconds(grace));
            if (options.Propagation is "Foreground" or "Orphan") AddFinalizer(metadata, options.Propagation == "Foreground" ? ForegroundFinalizer : OrphanFinalizer);
            metadata["deletionGracePeriodSeconds"] = grace;
            if (type == BuiltIn.Namespaces) o.Made("status")["phase"] = "Terminating";
        }
        else if (type == BuiltIn.Pods && grace < Seconds(metadata["deletionGracePeriodSeconds"]))
        {
            metadata["deletionGracePeriodSeconds"] = grace;
        }
        return o;
    }

    /// <summary>Only a Pod that a node has taken, and that still runs, is given time: the node removes it when its containers have ended.</summary>
    private static long Grace(ResourceType type, JsonObject o, DeleteOptions options)
    {
        if (type != BuiltIn.Pods || o.At("spec", "nodeName").AsText().Length == 0) return 0;
        if (o.At("status", "phase").AsText() is "Succeeded" or "Failed") return 0;
        return options.GracePeriodSeconds ?? Seconds(o.At("spec", "terminationGracePeriodSeconds"));
    }

    private static long Seconds(JsonNode? node) => long.TryParse(node.AsText(), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static void AddFinalizer(JsonObject metadata, string finalizer)
    {
        var list = metadata["finalizers"] as JsonArray ?? [];
        if (metadata["finalizers"] is null) metadata["finalizers"] = list;
        if (list.All(f => f.AsText() != finalizer)) list.Add(finalizer);
    }

    private static void CheckPreconditions(ResourceType type, string name, StoredObject current, DeleteOptions options)
    {
        if (options.Uid.Length > 0 && options.Uid != current.Header.Uid)
            throw ApiException.Conflict(type, name, $"Precondition failed: UID in precondition: {options.Uid}, UID in object meta: {current.Header.Uid}");
        var version = current.Version.ToString(CultureInfo.InvariantCulture);
        if (options.ResourceVersion.Length > 0 && options.ResourceVersion != version)
            throw ApiException.Conflict(type, name, $"Precondition failed: ResourceVersion in precondition: {options.ResourceVersion}, ResourceVersion in object meta: {version}");
    }
}
