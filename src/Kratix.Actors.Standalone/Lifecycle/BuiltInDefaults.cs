using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>The defaults users of the built-in kinds meet.</summary>
internal static class BuiltInDefaults
{
    public static void Namespace(JsonObject o)
    {
        o.Made("metadata").Made("labels")["kubernetes.io/metadata.name"] = o.At("metadata", "name").AsText();
        var spec = o.Made("spec");
        if (o.At("metadata", "deletionTimestamp") is null && spec["finalizers"] is null) spec["finalizers"] = new JsonArray("kubernetes");
        var status = o.Made("status");
        if (status["phase"] is null) status["phase"] = "Active";
    }

    public static void Secret(JsonObject o)
    {
        if (o["stringData"] is JsonObject plain)
        {
            var data = o.Made("data");
            foreach (var (key, value) in plain) data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText()));
        }
        o.Remove("stringData");
        if (o.Text("type").Length == 0) o["type"] = "Opaque";
    }

    public static void Pod(JsonObject o)
    {
        var spec = o.Made("spec");
        Missing(spec, "restartPolicy", "Always");
        Missing(spec, "dnsPolicy", "ClusterFirst");
        Missing(spec, "terminationGracePeriodSeconds", 30);
        Missing(spec, "serviceAccountName", "default");
        Missing(spec, "schedulerName", "default-scheduler");
        Missing(spec, "enableServiceLinks", true);
        if (spec["securityContext"] is null) spec["securityContext"] = new JsonObject();
        foreach (var c in Containers(spec))
        {
            var image = c.Text("image");
            var tagged = image.IndexOf(':', image.LastIndexOf('/') + 1) > 0 || image.Contains('@', StringComparison.Ordinal);
            Missing(c, "imagePullPolicy", tagged && !image.EndsWith(":latest", StringComparison.Ordinal) ? "IfNotPresent" : "Always");
            Missing(c, "terminationMessagePath", "/dev/termination-log");
            Missing(c, "terminationMessagePolicy", "File");
            if (c["resources"] is null) c["resources"] = new JsonObject();
        }
        var status = o.Made("status");
        Missing(status, "phase", "Pending");
        Missing(status, "qosClass", "BestEffort");
    }

    public static IEnumerable<JsonObject> Containers(JsonObject podSpec) =>
        ((string[])["initContainers", "containers"]).SelectMany(n => podSpec[n] is JsonArray a ? a.OfType<JsonObject>() : []);

    private static void Missing(JsonObject o, string name, JsonNode value)
    {
        if (o[name] is null) o[name] = value;
    }
}

/// <summary>The mistakes in built-in kinds that would otherwise surface far from where they were made.</summary>
internal static class BuiltInValidation
{
    public static IEnumerable<FieldError> Errors(ResourceType type, JsonObject o, JsonObject? before)
    {
        if (type == BuiltIn.Pods) return PodErrors(o, before);
        if (type == BuiltIn.Secrets) return SecretErrors(o, before);
        if (type == BuiltIn.ConfigMaps) return ConfigMapErrors(o, before);
        return type.Group == "rbac.authorization.k8s.io" && type.Plural.EndsWith("bindings", StringComparison.Ordinal) ? BindingErrors(o, before) : [];
    }

    private static IEnumerable<FieldError> PodErrors(JsonObject o, JsonObject? before)
    {
        var spec = o.Child("spec")!;
        if (spec["containers"] is not JsonArray { Count: > 0 }) yield return FieldError.Required("spec.containers");
        var seen = new HashSet<string>();
        foreach (var list in (string[])["initContainers", "containers"])
        {
            if (spec[list] is not JsonArray containers) continue;
            for (var i = 0; i < containers.Count; i++)
            {
                if (containers[i] is not JsonObject c) continue;
                var at = $"spec.{list}[{i}]";
                if (c.Text("name").Length == 0) yield return FieldError.Required($"{at}.name");
                else if (!seen.Add(c.Text("name"))) yield return FieldError.Duplicate($"{at}.name", c.Text("name"));
                if (c.Text("image").Length == 0) yield return FieldError.Required($"{at}.image");
            }
        }
        if (before?.At("spec", "nodeName").AsText() is { Length: > 0 } node && spec.Text("nodeName") != node)
            yield return FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)");
    }

    private static IEnumerable<FieldError> SecretErrors(JsonObject o, JsonObject? before)
    {
        foreach (var (key, value) in o["data"] as JsonObject ?? [])
        {
            var text = value.AsText();
            if (!Convert.TryFromBase64String(text, new byte[text.Length], out _))
                yield return FieldError.Invalid($"data.{key}", "<hidden>", "must be base64-encoded; use stringData for plain text");
        }
        if (before is null) yield break;
        if (before.Text("type") != o.Text("type")) yield return FieldError.Invalid("type", o.Text("type"), "field is immutable");
        if (before["immutable"].IsTrue() && !JsonNode.DeepEquals(before["data"], o["data"])) yield return FieldError.Forbidden("data", "field is immutable when `immutable` is set");
    }

    private static IEnumerable<FieldError> ConfigMapErrors(JsonObject o, JsonObject? before)
    {
        foreach (var (key, value) in o["data"] as JsonObject ?? [])
            if (!value.IsString()) yield return FieldError.Invalid($"data.{key}", value?.DeepClone(), "must be a string: put it in quotes");
        if (before is not null && before["immutable"].IsTrue() && !JsonNode.DeepEquals(before["data"], o["data"]))
            yield return FieldError.Forbidden("data", "field is immutable when `immutable` is set");
    }

    private static IEnumerable<FieldError> BindingErrors(JsonObject o, JsonObject? before)
    {
        if (o.At("roleRef", "name").AsText().Length == 0) yield return FieldError.Required("roleRef.name");
        if (o.At("roleRef", "kind").AsText() is not ("Role" or "ClusterRole"))
            yield return FieldError.NotSupported("roleRef.kind", o.At("roleRef", "kind").AsText(), ["Role", "ClusterRole"]);
        var subjects = o["subjects"] is JsonArray list ? list : [];
        for (var i = 0; i < subjects.Count; i++)
        {
            var (kind, name) = (subjects[i].At("kind").AsText(), subjects[i].At("name").AsText());
            if (name.Length == 0) yield return FieldError.Required($"subjects[{i}].name");
            if (kind is not ("User" or "Group" or "ServiceAccount")) yield return FieldError.NotSupported($"subjects[{i}].kind", kind, ["ServiceAccount", "User", "Group"]);
            if (kind == "ServiceAccount" && subjects[i].At("namespace").AsText().Length == 0) yield return FieldError.Required($"subjects[{i}].namespace");
        }
        if (before is not null && !JsonNode.DeepEquals(before["roleRef"], o["roleRef"]))
            yield return FieldError.Invalid("roleRef", o["roleRef"]?.DeepClone(), "cannot change roleRef");
    }
}
