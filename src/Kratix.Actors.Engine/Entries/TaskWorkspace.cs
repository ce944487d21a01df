using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>
/// One workspace of a Task, backed by an empty directory of the Pod. An optional one is not provided, since there is no TaskRun to provide it: a Task
/// that finds it bound expects something in it.
/// </summary>
internal sealed record TaskWorkspace(string Name, string Volume, string Path, bool ReadOnly)
{
    private static readonly ImmutableHashSet<string> Fields = ["name", "description", "mountPath", "readOnly", "optional"];

    /// <summary>Some step names it: the others do not get it.</summary>
    public bool IsClaimed { get; init; }

    /// <summary>Those that are provided. <paramref name="variables"/> learn of all.</summary>
    internal static IReadOnlyList<TaskWorkspace> ReadAll(JsonObject spec, string at, IReadOnlyList<TaskStep> steps, TaskVariables variables)
    {
        var provided = new List<TaskWorkspace>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var list = Maps(spec, "workspaces", at);
        for (var i = 0; i < list.Count; i++)
        {
            var here = $"{at}.workspaces[{i}]";
            Known(list[i], Fields, here);
            var name = Text(list[i], "name", here) ?? throw new PromiseRefusedException($"{here}.name is missing");
            if (!names.Add(name))
                throw new PromiseRefusedException($"{here}.name \"{name}\" is used by another workspace");
            var path = variables.Text(Text(list[i], "mountPath", here) ?? $"/workspace/{name}", $"{here}.mountPath");
            // Numbered, because a workspace's name need not be one a volume can have.
            var workspace = new TaskWorkspace(name, string.Create(CultureInfo.InvariantCulture, $"workspace-{i}"), path, IsTrue(list[i]["readOnly"]))
            {
                IsClaimed = steps.Any(step => step.Workspaces.ContainsKey(name)),
            };
            var isProvided = !IsTrue(list[i]["optional"]);
            variables.Add("workspaces", name, ".path", isProvided ? workspace.Path : "");
            variables.Add("workspaces", name, ".bound", isProvided ? "true" : "false");
            variables.Add("workspaces", name, ".claim", "");
            variables.Add("workspaces", name, ".volume", isProvided ? workspace.Volume : "");
            if (isProvided)
                provided.Add(workspace);
        }

        return steps.SelectMany(step => step.Workspaces.Keys).FirstOrDefault(claimed => !names.Contains(claimed)) is { } unknown
            ? throw new PromiseRefusedException($"a step of {at} claims the workspace \"{unknown}\", which the Task does not have")
            : provided;
    }

    private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;
}
