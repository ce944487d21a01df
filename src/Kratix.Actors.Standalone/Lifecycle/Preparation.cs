using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Schemas;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>Turns what a client sent into what may be stored: pruned, defaulted, validated, with the parts clients do not own put right.</summary>
internal sealed class Preparation(ResourceCatalog catalog, TimeProvider time)
{
    public void ForCreate(ApiRequest request, JsonObject o, string ns, string name)
    {
        var type = request.Type;
        Schema(request, o);
        var metadata = o.Made("metadata");
        foreach (var system in (ReadOnlySpan<string>)["uid", "creationTimestamp", "resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"])
            metadata.Remove(system);
        if (type.HasStatus && type.IsCustom) o.Remove("status");
        ObjectMetadata.FillNew(type.Key(ns, name), o, time);
        if (type.HasGeneration) metadata["generation"] = 1;
        Defaults(type, o);
        var errors = NameErrors(type, name).Concat(Names.OfMetadata(metadata)).Concat(KindErrors(type, o, null)).ToList();
        if (type.Namespaced && ns.Length == 0) errors.Add(FieldError.Required("metadata.namespace"));
        if (errors.Count > 0) throw ApiException.Invalid(type, name, errors);
        if (type == BuiltIn.CustomResourceDefinitions) WarnOfRules(request, o);
        if (type == BuiltIn.CustomResourceDefinitions) CustomResourceDefinitions.Establish(o, null, catalog, ObjectMetadata.Timestamp(time.GetUtcNow()));
    }

    /// <summary><paramref name="next"/> becomes the state that would be stored in place of <paramref name="before"/>.</summary>
    public void ForUpdate(ApiRequest request, JsonObject before, JsonObject next)
    {
        var type = request.Type;
        Schema(request, next);
        if (request.Subresource == "status")
        {
            // Through /status only the status is written, and who wrote it: everything else stays as it is, whatever the body says.
            var metadata = next.Made("metadata");
            KeepAllBut(["status", "metadata"], before, next);
            KeepAllBut(metadata["managedFields"] is null ? [] : ["managedFields"], before.Made("metadata"), metadata);
            if (next["status"] is null) next.Remove("status");
        }
        else if (request.Subresource == "finalize")
        {
            var finalizers = next.At("spec", "finalizers")?.DeepClone();
            foreach (var name in next.Select(p => p.Key).ToList()) next.Remove(name);
            foreach (var (name, value) in before) next[name] = value?.DeepClone();
            next.Made("spec")["finalizers"] = finalizers;
        }
        else if (type.HasStatus)
        {
            ObjectMetadata.Keep("status", before, next);
        }
        // Deletion is asked for by DELETE alone; a body can neither start nor take back nor hurry one.
        next.Made("metadata").Remove("deletionTimestamp");
        next.Made("metadata").Remove("deletionGracePeriodSeconds");
        if (type == BuiltIn.Namespaces && request.Subresource != "finalize") next["spec"] = before["spec"]?.DeepClone();
        Defaults(type, next);
        var errors = Names.OfMetadata(next.Made("metadata")).Concat(FinalizerErrors(before, next)).Concat(KindErrors(type, next, before)).ToList();
        if (errors.Count > 0) throw ApiException.Invalid(type, request.Name, errors);
        if (type == BuiltIn.CustomResourceDefinitions) WarnOfRules(request, next);
        if (type == BuiltIn.CustomResourceDefinitions) CustomResourceDefinitions.Establish(next, before, catalog, ObjectMetadata.Timestamp(time.GetUtcNow()));
    }

    private static void KeepAllBut(ReadOnlySpan<string> changing, JsonObject before, JsonObject next)
    {
        foreach (var name in before.Select(p => p.Key).Union(next.Select(p => p.Key)).ToList())
            if (!changing.Contains(name)) ObjectMetadata.Keep(name, before, next);
    }

    private static void Schema(ApiRequest request, JsonObject o)
    {
        if (request.Type.Schema is not { } schema) return;
        var unknown = new List<string>();
        Pruning.Prune(o, schema, unknown);
        if (unknown.Count > 0 && request.FieldValidation == "Strict")
        {
            var type = request.Type;
            var fields = string.Join(", ", unknown.Order(StringComparer.Ordinal).Select(u => $"unknown field \"{u}\""));
            throw ApiException.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: strict decoding error: {fields}");
        }
        if (request.FieldValidation == "Warn")
        {
            foreach (var field in unknown) request.Warn($"unknown field \"{field}\"");
        }
        Pruning.ApplyDefaults(o, schema);
    }

    /// <summary>A rule that will not be enforced must not look as if it were.</summary>
    private static void WarnOfRules(ApiRequest request, JsonObject crd)
    {
        foreach (var version in CustomResources.Versions(crd))
        {
            if (version.At("schema", "openAPIV3Schema") is not JsonObject schema) continue;
            foreach (var rule in StructuralSchema.Of(schema).Walk().SelectMany(s => s.Rules).Where(r => r.WhyNotEnforced is not null))
                request.Warn($"x-kubernetes-validations rule \"{rule.Text.Trim()}\" is not enforced by this server: {rule.WhyNotEnforced}");
        }
    }

    private static void Defaults(ResourceType type, JsonObject o)
    {
        if (type == BuiltIn.Namespaces) BuiltInDefaults.Namespace(o);
        else if (type == BuiltIn.Secrets) BuiltInDefaults.Secret(o);
        else if (type == BuiltIn.Pods) BuiltInDefaults.Pod(o);
        else if (type == BuiltIn.CustomResourceDefinitions) CustomResourceDefinitions.ApplyDefaults(o);
    }

    private static IEnumerable<FieldError> NameErrors(ResourceType type, string name) => type switch
    {
        { Group: "rbac.authorization.k8s.io" } => Names.OfPathSegment("metadata.name", name),
        _ when type == BuiltIn.Namespaces => Names.OfLabel("metadata.name", name),
        _ => Names.OfSubdomain("metadata.name", name),
    };

    private static IEnumerable<FieldError> KindErrors(ResourceType type, JsonObject o, JsonObject? before)
    {
        if (type.Schema is { } schema) return SchemaValidator.Validate(o, schema, before);
        if (type == BuiltIn.CustomResourceDefinitions) return CustomResourceDefinitions.Validate(o, before);
        return BuiltInValidation.Errors(type, o, before);
    }

    private static IEnumerable<FieldError> FinalizerErrors(JsonObject before, JsonObject next)
    {
        if (before.At("metadata", "deletionTimestamp") is null || next.At("metadata", "finalizers") is not JsonArray now) yield break;
        var had = before.At("metadata", "finalizers") is JsonArray old ? old.Select(f => f.AsText()).ToHashSet() : [];
        var added = now.Select(f => f.AsText()).Where(f => !had.Contains(f)).ToList();
        if (added.Count > 0)
        {
            var listed = string.Join(", ", added.Select(a => $"\"{a}\""));
            yield return FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}");
        }
    }
}
