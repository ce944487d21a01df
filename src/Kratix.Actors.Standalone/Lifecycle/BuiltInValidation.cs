using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;

namespace Kratix.Actors.Standalone.Lifecycle;

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
        var data = o["data"] as JsonObject ?? [];
        foreach (var (key, value) in data)
        {
            if (KeyError("data", key) is { } wrong) yield return wrong;
            var text = value.AsText();
            if (!Convert.TryFromBase64String(text, new byte[text.Length], out _))
                yield return FieldError.Invalid($"data.{key}", "<hidden>", "must be base64-encoded; use stringData for plain text");
        }
        foreach (var key in Demanded(o.Text("type")).Where(k => !data.ContainsKey(k))) yield return FieldError.Required($"data[{key}]");
        if (o.Text("type") == "kubernetes.io/basic-auth" && !data.ContainsKey("username") && !data.ContainsKey("password"))
        {
            yield return FieldError.Required("data[username]");
            yield return FieldError.Required("data[password]");
        }
        if (before is null) yield break;
        if (before.Text("type") != o.Text("type")) yield return FieldError.Invalid("type", o.Text("type"), "field is immutable");
        foreach (var e in ImmutableErrors(o, before)) yield return e;
    }

    private static string[] Demanded(string type) => type switch
    {
        "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
        "kubernetes.io/dockercfg" => [".dockercfg"],
        "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
        "kubernetes.io/tls" => ["tls.crt", "tls.key"],
        _ => [],
    };

    private static IEnumerable<FieldError> ConfigMapErrors(JsonObject o, JsonObject? before)
    {
        var (data, binary) = (o["data"] as JsonObject ?? [], o["binaryData"] as JsonObject ?? []);
        foreach (var (key, value) in data)
        {
            if (KeyError("data", key) is { } wrong) yield return wrong;
            if (binary.ContainsKey(key)) yield return FieldError.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            if (!value.IsString()) yield return FieldError.Invalid($"data.{key}", value?.DeepClone(), "must be a string: put it in quotes");
        }
        foreach (var (key, _) in binary)
            if (KeyError("binaryData", key) is { } wrong) yield return wrong;
        if (before is null) yield break;
        foreach (var e in ImmutableErrors(o, before)) yield return e;
    }

    private static FieldError? KeyError(string field, string key)
    {
        if (key.Length > 253) return FieldError.Invalid($"{field}[{key}]", key, "must be no more than 253 characters");
        return key.Length == 0 || key is "." or ".." || key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            ? FieldError.Invalid($"{field}[{key}]", key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")
            : null;
    }

    /// <summary>Once <c>immutable</c> is set, neither it nor the contents change again; only deleting helps.</summary>
    private static IEnumerable<FieldError> ImmutableErrors(JsonObject o, JsonObject before)
    {
        if (!before["immutable"].IsTrue()) yield break;
        const string why = "field is immutable when `immutable` is set";
        if (!o["immutable"].IsTrue()) yield return FieldError.Forbidden("immutable", why);
        foreach (var field in (string[])["data", "binaryData"])
            if (!JsonNode.DeepEquals(before[field], o[field])) yield return FieldError.Forbidden(field, why);
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
