using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.StateStores;

namespace Kratix.Actors.Host.GitOps;

/// <summary>What a folder of the state store asks for, and what in it cannot be read.</summary>
internal sealed record Manifests(IReadOnlyList<WantedObject> Objects, IReadOnlyList<string> Problems)
{
    internal static bool IsManifest(string path) =>
        path.EndsWith(".yaml", StringComparison.Ordinal) || path.EndsWith(".yml", StringComparison.Ordinal) || path.EndsWith(".json", StringComparison.Ordinal);

    internal static Manifests Read(IEnumerable<SourceFile> files)
    {
        var (objects, problems) = (new List<WantedObject>(), new List<string>());
        foreach (var file in files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            try
            {
                foreach (var document in Yaml.ParseAll(Encoding.UTF8.GetString(file.Content)))
                    Take(file.Path, document, objects, problems);
            }
            catch (YamlFormatException e)
            {
                problems.Add($"{file.Path} line {e.Line}, column {e.Column}: {e.Message}");
            }
        }

        return new Manifests([.. objects.OrderBy(o => o.Rank)], problems);
    }

    private static void Take(string file, JsonNode document, List<WantedObject> objects, List<string> problems)
    {
        if (document is not JsonObject body)
        {
            problems.Add($"{file}: a document that is no Kubernetes object");
            return;
        }

        if (body["kind"]?.ToString().EndsWith("List", StringComparison.Ordinal) == true && body["items"] is JsonArray items)
        {
            foreach (var item in items)
                Take(file, item?.DeepClone() ?? "", objects, problems);
            return;
        }

        var wanted = new WantedObject(file, body);
        if (wanted.ApiVersion.Length == 0 || wanted.Kind.Length == 0 || wanted.Name.Length == 0)
            problems.Add($"{file}: an object needs apiVersion, kind and metadata.name; this one has apiVersion '{wanted.ApiVersion}', kind '{wanted.Kind}', name '{wanted.Name}'");
        else if (wanted.Name.Contains('/', StringComparison.Ordinal) || wanted.Name is "." or "..")
            problems.Add($"{file}: metadata.name '{wanted.Name}' cannot be the name of an object; it must not be a path");
        else
            objects.Add(wanted);
    }
}
