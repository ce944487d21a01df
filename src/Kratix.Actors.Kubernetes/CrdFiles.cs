using System.Reflection;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Kubernetes;

/// <summary>The CustomResourceDefinitions of <c>platform.kratix.io/v1alpha1</c>, as they lie in <c>deploy/crds</c>. The program carries them, so that it can install them itself.</summary>
public static class CrdFiles
{
    /// <summary>All definitions by file name, freshly parsed: the caller may change them.</summary>
    public static IReadOnlyList<JsonObject> All
    {
        get
        {
            var assembly = Assembly.GetExecutingAssembly();
            return [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith("crds/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(n => Read(assembly, n))];
        }
    }

    private static JsonObject Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return Yaml.Parse(reader.ReadToEnd()) as JsonObject ?? throw new InvalidOperationException($"{name} is not a YAML mapping");
    }
}
