using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Patches;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>Create, update and patch: from a client's body to a conditional write, tried again while others come between.</summary>
internal sealed class ObjectOperations(ObjectStore store, ResourceCatalog catalog, AdmissionHooks admission, Rbac rbac, TimeProvider time)
{
    private const int NameTries = 8;
    private readonly Preparation _preparation = new(catalog, time);
    private readonly Escalation _escalation = new(rbac);

    public async Task<Written> Create(ApiRequest request, JsonObject body)
    {
        for (var tries = 1; ; tries++)
        {
            var isNamed = body.At("metadata", "name").AsText().Length > 0;
            // A name that is made up may be taken; another is then tried, on the body as it came.
            var next = isNamed ? body : body.DeepClone().AsObject();
            if (await TryCreate(request, next, request.Name) is { } made) return made;
            if (isNamed || tries == NameTries) throw ApiException.AlreadyExists(request.Type, next.At("metadata", "name").AsText());
        }
    }

    public async Task<Written> Update(ApiRequest request, JsonObject body)
    {
        var type = request.Type;
        CheckAddress(request, body);
        if (body.At("metadata", "name").AsText() is var name && name.Length > 0 && name != request.Name)
            throw ApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})");
        var sent = body.At("metadata", "resourceVersion").AsText();
        if (type.IsCustom && sent.Length == 0)
            throw ApiException.Invalid(type, request.Name, [FieldError.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
        return await Change(request, before =>
        {
            var next = body.DeepClone().AsObject();
            return ManagedFields.AfterUpdate(before, next, request, ObjectMetadata.Timestamp(time.GetUtcNow()));
        });
    }

    public Task<Written> Patch(ApiRequest request, JsonNode? patch, string contentType) => contentType switch
    {
        "application/merge-patch+json" => Patched(request, before => MergePatch.Apply(before, patch) as JsonObject ?? throw ApiException.BadRequest("error decoding patch: a merge patch must be an object")),
        "application/json-patch+json" => Patched(request, before => JsonPatch.Apply(before, patch)),
        "application/strategic-merge-patch+json" when !request.Type.IsCustom => Patched(request, before => StrategicMergePatch.Apply(before, patch)),
        "application/strategic-merge-patch+json" => throw ApiException.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"),
        "application/apply-patch+yaml" or "application/apply-patch+json" => Apply(request, patch as JsonObject ?? throw ApiException.BadRequest("the body of an apply must be one object")),
        _ => throw ApiException.UnsupportedMediaType(
            $"the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml; got {contentType}"),
    };

    /// <summary>Reads, changes, prepares, asks admission and writes; a fresh read follows every lost race.</summary>
    /// <param name="change">From the object in the requested version, which it leaves as it is, to its next state.</param>
    private async Task<Written> Change(ApiRequest request, Func<JsonObject, JsonObject> change)
    {
        var type = request.Type;
        var key = type.Key(request.Namespace ?? "", request.Name);
        while (true)
        {
            var current = store.Get(key) ?? throw ApiException.NotFound(type, request.Name);
            var before = Versions.PresentTree(type, current);
            var next = change(before);
            CheckAddress(request, next);
            CheckPreconditions(request, before, next);
            _preparation.ForUpdate(request, before, next);
            ObjectMetadata.KeepSystemFields(before, next);
            if (JsonNode.DeepEquals(before, next)) return Written.Nothing(type, current);
            _escalation.Check(request.User, type, request.Namespace ?? "", request.Name, next, before);
            await admission.Ask(new AdmissionRequest("UPDATE", type, request.Namespace ?? "", request.Name, request.Subresource, next, before, request.IsDryRun), request);
            if (request.IsDryRun) return Written.InThought(next, isNew: false);
            var write = Versions.IsAsStored(type, current) ? store.WriteKept(current, next) : store.Write(current, Versions.ToStored(type, next));
            if (await write is { } written) return Written.Changed(type, written);
        }
    }

    private Task<Written> Patched(ApiRequest request, Func<JsonObject, JsonObject> patch) => Change(request, before =>
    {
        var next = patch(before.DeepClone().AsObject());
        return ManagedFields.AfterUpdate(before, next, request, ObjectMetadata.Timestamp(time.GetUtcNow()));
    });

    private async Task<Written> Apply(ApiRequest request, JsonObject applied)
    {
        var type = request.Type;
        if (request.Query("fieldManager") is not { Length: > 0 })
            throw new ApiException(400, "BadRequest", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        // Each of the two endpoints takes its own half of the object.
        if (request.Subresource == "status") applied.Remove("spec");
        else if (type.HasStatus) applied.Remove("status");
        if (applied.At("metadata", "managedFields") is JsonArray { Count: > 0 }) throw ApiException.BadRequest("metadata.managedFields must be nil");
        CheckAddress(request, applied);
        var key = type.Key(request.Namespace ?? "", request.Name);
        while (true)
        {
            if (store.Get(key) is not null)
                return await Change(request, before => ServerSideApply.Apply(before, applied, request, ObjectMetadata.Timestamp(time.GetUtcNow())));
            if (request.Subresource.Length > 0) throw ApiException.NotFound(type, request.Name);
            CheckMayCreate(request);
            var next = ServerSideApply.Apply(null, applied, request, ObjectMetadata.Timestamp(time.GetUtcNow()));
            if (await TryCreate(request, next, request.Name) is { } made) return made;
        }
    }

    /// <summary>The right to patch does not include the right to make what is not there.</summary>
    private void CheckMayCreate(ApiRequest request)
    {
        var access = AccessRequest.To(request.User, "create", request.Type, request.Namespace ?? "", request.Name);
        var decision = rbac.Decide(access);
        if (!decision.IsAllowed) throw ApiException.Denied(access, decision);
    }

    /// <summary>Null when the name is taken.</summary>
    private async Task<Written?> TryCreate(ApiRequest request, JsonObject o, string nameInPath)
    {
        var type = request.Type;
        CheckAddress(request, o);
        var ns = type.Namespaced ? request.Namespace ?? o.At("metadata", "namespace").AsText() : "";
        var name = NameOf(o, nameInPath);
        if (name.Length == 0) throw ApiException.Invalid(type, "", [FieldError.Required("metadata.name", "name or generateName is required")]);
        if (type.Namespaced) CheckNamespace(type, ns, name);
        if (type.IsCustom && store.Get(BuiltIn.CustomResourceDefinitions.Key("", $"{type.Plural}.{type.Group}"))?.Header.DeletionTimestamp is not null)
            throw new ApiException(405, "MethodNotAllowed", "create not allowed while custom resource definition is terminating", []);
        if (o.At("metadata", "resourceVersion").AsText() is { Length: > 0 }) throw ApiException.BadRequest("resourceVersion should not be set on objects to be created");
        if (type.IsCustom && o.At("metadata", "managedFields") is not JsonArray { Count: > 0 })
            ManagedFields.OfCreation(o, request, ObjectMetadata.Timestamp(time.GetUtcNow()));
        _preparation.ForCreate(request, o, ns, name);
        _escalation.Check(request.User, type, ns, name, o, null);
        await admission.Ask(new AdmissionRequest("CREATE", type, ns, name, "", o, null, request.IsDryRun), request);
        var key = type.Key(ns, name);
        if (request.IsDryRun) return store.Get(key) is null ? Written.InThought(o, isNew: true) : null;
        return await store.TryCreate(key, Versions.ToStored(type, o)) is { } stored ? Written.Created(type, stored) : null;
    }

    private static string NameOf(JsonObject o, string nameInPath)
    {
        var metadata = o.Made("metadata");
        if (metadata.Text("name") is { Length: > 0 } given) return given;
        if (nameInPath.Length > 0) return nameInPath;
        var prefix = metadata.Text("generateName");
        if (prefix.Length == 0) return "";
        var name = Names.Generate(prefix);
        metadata["name"] = name;
        return name;
    }

    private void CheckNamespace(ResourceType type, string ns, string name)
    {
        if (ns.Length == 0) throw ApiException.BadRequest("an empty namespace may not be set during creation");
        var found = store.Get(BuiltIn.Namespaces.Key("", ns)) ?? throw ApiException.NotFound(BuiltIn.Namespaces, ns);
        if (found.Header.DeletionTimestamp is not null)
            throw ApiException.Forbidden(type, name, $"unable to create new content in namespace {ns} because it is being terminated");
    }

    /// <summary>A body must be of the kind and in the namespace its URL says.</summary>
    private static void CheckAddress(ApiRequest request, JsonObject o)
    {
        var type = request.Type;
        if (o.Text("kind").Length == 0) o["kind"] = type.Kind;
        if (o.Text("apiVersion").Length == 0) o["apiVersion"] = type.ApiVersion;
        if (o.Text("apiVersion") != type.ApiVersion)
            throw ApiException.BadRequest($"the API version in the data ({o.Text("apiVersion")}) does not match the expected API version ({type.ApiVersion})");
        if (o.Text("kind") != type.Kind)
            throw ApiException.BadRequest($"the kind in the data ({o.Text("kind")}) does not match the expected kind ({type.Kind})");
        if (o["metadata"] is { } metadata and not JsonObject)
            throw ApiException.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: metadata must be an object, found {metadata.GetValueKind()}");
        if (type.Namespaced && request.Namespace is { } ns && o.At("metadata", "namespace").AsText() is { Length: > 0 } given && given != ns)
            throw ApiException.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        if (!type.Namespaced) o.Child("metadata")?.Remove("namespace");
    }

    private static void CheckPreconditions(ApiRequest request, JsonObject before, JsonObject next)
    {
        var type = request.Type;
        if (next.At("metadata", "resourceVersion").AsText() is { Length: > 0 } version && version != "0" && version != before.At("metadata", "resourceVersion").AsText())
            throw ApiException.Conflict(type, request.Name);
        var uid = before.At("metadata", "uid").AsText();
        if (next.At("metadata", "uid").AsText() is { Length: > 0 } sent && sent != uid)
            throw ApiException.Conflict(type, request.Name, $"Precondition failed: UID in precondition: {sent}, UID in object meta: {uid}");
    }
}
