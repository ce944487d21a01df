using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>The environment of one container: service variables, then <c>envFrom</c>, then <c>env</c>, the later over the earlier.</summary>
internal sealed class EnvironmentResolver(IPodStore store, IReadOnlyDictionary<string, string> service, string nodeName)
{
    /// <exception cref="ConfigException">A reference that is not optional leads nowhere, or is of a kind this node does not know.</exception>
    public async Task<Dictionary<string, string>> Resolve(PodSpec pod, ContainerSpec container, CancellationToken ct)
    {
        var env = new Dictionary<string, string>(service, StringComparer.Ordinal);
        foreach (var source in container.EnvFrom.OfType<JsonObject>()) await AddAll(env, pod, container, source, ct);
        foreach (var variable in container.Env.OfType<JsonObject>())
        {
            var name = variable.Text("name");
            if (name.Length == 0 || name.AsSpan().IndexOfAny("=\0\n\r ") >= 0) throw new ConfigException($"container {container.Name}: '{name}' is not a name for an environment variable");
            if (variable.Child("valueFrom") is { } from)
            {
                if (await ValueFrom(pod, container, name, from, ct) is { } value) env[name] = value;
            }
            else
            {
                env[name] = Expand(variable.Text("value"), env);
            }
        }
        return env;
    }

    /// <summary><c>$(NAME)</c> becomes the variable's value, stays as it is when there is none; <c>$$</c> stands for one <c>$</c>.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> env)
    {
        if (!text.Contains('$')) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (text[i + 1] == '(' && text.IndexOf(')', i) is var end and > 0 && env.TryGetValue(text[(i + 2)..end], out var value))
            {
                result.Append(value);
                i = end;
            }
            else
            {
                result.Append('$');
            }
        }
        return result.ToString();
    }

    private async Task AddAll(Dictionary<string, string> env, PodSpec pod, ContainerSpec container, JsonObject source, CancellationToken ct)
    {
        var prefix = source.Text("prefix");
        var isSecret = source.Child("secretRef") is not null;
        var reference = source.Child("secretRef") ?? source.Child("configMapRef") ?? throw new ConfigException($"container {container.Name}: envFrom needs configMapRef or secretRef");
        var data = await ReferredData(pod, isSecret, reference, ct);
        foreach (var (key, value) in data ?? []) env[prefix + key] = Encoding.UTF8.GetString(value);
    }

    private async Task<string?> ValueFrom(PodSpec pod, ContainerSpec container, string name, JsonObject from, CancellationToken ct)
    {
        if (from.Child("fieldRef") is { } field) return Field(pod, container, field.Text("fieldPath"));
        if (from.Child("resourceFieldRef") is { } resource) return ResourceField.Read(pod, container.Name, resource);
        var isSecret = from.Child("secretKeyRef") is not null;
        if ((from.Child("secretKeyRef") ?? from.Child("configMapKeyRef")) is not { } reference)
            throw new ConfigException($"container {container.Name}: env {name} takes its value from {string.Join(", ", from.Select(f => f.Key))}; this node knows fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef");
        var data = await ReferredData(pod, isSecret, reference, ct);
        if (data is null) return null;
        if (data.TryGetValue(reference.Text("key"), out var value)) return Encoding.UTF8.GetString(value);
        if (reference["optional"].IsTrue()) return null;
        throw new ConfigException($"couldn't find key {reference.Text("key")} in {(isSecret ? "Secret" : "ConfigMap")} {pod.Identity.Namespace}/{reference.Text("name")}");
    }

    private async Task<Dictionary<string, byte[]>?> ReferredData(PodSpec pod, bool isSecret, JsonObject reference, CancellationToken ct) =>
        await ObjectData.Read(store, pod.Identity.Namespace, isSecret, reference.Text("name"), reference["optional"].IsTrue(), ct);

    private string Field(PodSpec pod, ContainerSpec container, string path) => FieldPath.Read(pod, path, nodeName)
        ?? throw new ConfigException($"container {container.Name}: fieldRef '{path}' is not a field this node knows; known are {FieldPath.Known}");
}
