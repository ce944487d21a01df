using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Ports.Runs;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>What a Task's <c>$(context.…)</c> says of its run; the Pod stands for the TaskRun that there is not.</summary>
internal sealed record TaskRunNames(string PodName, string Namespace, string RunId, string Task, int Retries);

/// <summary>
/// A Tekton Task, without Tekton: its steps become containers that run strictly one after the other, its variables are replaced when the Pod is
/// planned, its scripts are annotations of the Pod that Kubernetes itself lays down as files. Paths are Tekton's, for what has them written out.
/// </summary>
internal static partial class TaskEntry
{
    /// <summary>Kubernetes takes 256 KiB of annotations in all.</summary>
    private const int MaxScriptBytes = 200 * 1024;

    private static readonly ImmutableHashSet<string> SpecFields = ["params", "displayName", "description", "steps", "volumes", "stepTemplate", "workspaces", "results"];
    private static readonly ImmutableHashSet<string> ResultFields = ["name", "type", "description", "properties"];

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static void Check(JsonObject entry, string where) => Parts(entry, where, new TaskRunNames("pod", "namespace", "uid", "task", 0));

    /// <exception cref="PromiseRefusedException">It cannot be run.</exception>
    internal static RunParts Parts(JsonObject entry, string where, TaskRunNames run)
    {
        var spec = entry["spec"]!.AsObject();
        var at = $"{where}.spec";
        if (spec["sidecars"] is not null)
            throw new PromiseRefusedException($"{at}.sidecars is not supported: the steps of a Task run alone; an entry of kind v1 Pod runs containers side by side");
        Known(spec, SpecFields, at);
        var variables = Context(run);
        TaskParams.Read(spec, at, variables);
        var results = ResultNames(spec, at);
        foreach (var result in results)
            variables.Add("results", result, ".path", $"{RunPlan.ResultsFolder}/{result}");
        var steps = TaskStep.ReadAll(spec, variables, at);
        var workspaces = TaskWorkspace.ReadAll(spec, at, steps, variables);
        foreach (var step in steps)
            AddStepVariables(step, variables);
        var planned = steps.Select(step => step.Plan(variables, workspaces)).ToList();
        JsonArray volumes =
        [
            .. workspaces.Select(w => new JsonObject { ["name"] = w.Volume, ["emptyDir"] = new JsonObject() }),
            .. planned.Any(p => p.Files.Count > 0) ? (JsonNode[])[ScriptVolume(planned)] : [],
            .. Maps(spec, "volumes", at).Select((volume, i) => variables.Everywhere(volume, $"{at}.volumes[{i}]")),
        ];
        if (volumes.GroupBy(v => v!["name"]?.ToString()).FirstOrDefault(g => g.Count() > 1)?.Key is { } twice)
            throw new PromiseRefusedException($"{at}.volumes has \"{twice}\", a name that another volume or the platform has; choose another");
        return new RunParts([.. planned.Select(p => p.Container)], [], volumes, [])
        {
            Annotations = Scripts(planned, where),
            ResultFiles = [.. results, .. steps.SelectMany(step => step.ResultFiles)],
            Timeouts = steps.Where(step => step.Timeout is not null).ToImmutableSortedDictionary(step => step.Name, step => step.Timeout!.Value, StringComparer.Ordinal),
        };
    }

    private static TaskVariables Context(TaskRunNames run)
    {
        var variables = new TaskVariables();
        variables.Add("context.task.name", run.Task);
        variables.Add("context.task.retry-count", run.Retries.ToString(CultureInfo.InvariantCulture));
        variables.Add("context.taskRun.name", run.PodName);
        variables.Add("context.taskRun.namespace", run.Namespace);
        variables.Add("context.taskRun.uid", run.RunId);
        return variables;
    }

    /// <summary>The names that a list of results declares.</summary>
    internal static IReadOnlyList<string> ResultNames(JsonObject holder, string at)
    {
        var names = new List<string>();
        var list = Maps(holder, "results", at);
        for (var i = 0; i < list.Count; i++)
        {
            Known(list[i], ResultFields, $"{at}.results[{i}]");
            var name = Text(list[i], "name", $"{at}.results[{i}]");
            if (name is null || !ResultName().IsMatch(name))
                throw new PromiseRefusedException($"{at}.results[{i}].name is \"{name}\"; it must be letters, digits, -, _ and ., with a letter or digit at both ends");
            if (names.Contains(name))
                throw new PromiseRefusedException($"{at}.results[{i}].name \"{name}\" is used by another result");
            names.Add(name);
        }

        return names;
    }

    private static void AddStepVariables(TaskStep step, TaskVariables variables)
    {
        // Tekton calls the container of a step step-NAME, and both names are in use.
        foreach (var name in new[] { step.Name, $"step-{step.Name}" })
        {
            if (step.Continues)
                variables.Add($"steps.{name}.exitCode.path", step.ExitCodePath);
            foreach (var result in step.Results)
                variables.Add($"steps.{name}.results.{result}.path", step.PathOf(result));
        }
    }

    private static JsonObject ScriptVolume(IEnumerable<PlannedStep> steps) => new()
    {
        ["name"] = TaskStep.ScriptVolume,
        ["downwardAPI"] = new JsonObject
        {
            ["defaultMode"] = 0b111_101_101,
            ["items"] = new JsonArray([.. steps.SelectMany(s => s.Files.Keys).Distinct().Select(file => new JsonObject
            {
                ["path"] = file,
                ["fieldRef"] = new JsonObject { ["fieldPath"] = $"metadata.annotations['{ScriptKey(file)}']" },
            })]),
        },
    };

    private static ImmutableSortedDictionary<string, string> Scripts(IEnumerable<PlannedStep> steps, string where)
    {
        var scripts = steps.SelectMany(s => s.Files).DistinctBy(f => f.Key).ToImmutableSortedDictionary(f => ScriptKey(f.Key), f => f.Value, StringComparer.Ordinal);
        var bytes = scripts.Values.Sum(Encoding.UTF8.GetByteCount);
        return bytes <= MaxScriptBytes
            ? scripts
            : throw new PromiseRefusedException($"the scripts of {where} have {bytes} bytes; {MaxScriptBytes} is the most, because they travel in the Pod; put what is long into an image");
    }

    private static string ScriptKey(string file) => $"scripts.kratix.io/{file}";

    [GeneratedRegex(@"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z")]
    private static partial Regex ResultName();
}
