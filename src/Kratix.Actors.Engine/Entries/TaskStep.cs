using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Ports.Runs;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A step as a container, and the executable files it needs by their names.</summary>
internal sealed record PlannedStep(JsonObject Container, IReadOnlyDictionary<string, string> Files);

/// <summary>One step of a Task, with the Task's <c>stepTemplate</c> under it.</summary>
internal sealed class TaskStep
{
    internal const string ScriptVolume = "task-scripts";
    private const string ScriptFolder = "/tekton/scripts";

    /// <summary>With a character that no step's name has.</summary>
    private const string WrapperFile = "run_step";

    private static readonly ImmutableHashSet<string> ContainerFields =
        ["image", "command", "args", "env", "envFrom", "workingDir", "volumeMounts", "volumeDevices", "imagePullPolicy", "securityContext", "computeResources"];

    private static readonly ImmutableHashSet<string> StepFields = ContainerFields.Union(["name", "displayName", "script", "timeout", "onError", "results", "workspaces"]);

    /// <summary>Fields of Tekton's that are known and mean something this platform does not do.</summary>
    private static readonly ImmutableHashSet<string> Unsupported = ["ref", "params", "when", "stdoutConfig", "stderrConfig"];

    private readonly JsonObject _fields;
    private readonly string _where;

    private TaskStep(JsonObject fields, string name, TaskVariables task, string where)
    {
        (_fields, _where, Name) = (fields, where, name);
        Results = TaskEntry.ResultNames(fields, where);
        Workspaces = ReadWorkspaces();
        Continues = Expanded("onError", task) switch
        {
            null or "stopAndFail" => false,
            "continue" => true,
            var other => throw new PromiseRefusedException($"{where}.onError is \"{other}\"; it must be continue or stopAndFail"),
        };
        Timeout = ReadTimeout(Expanded("timeout", task));
        if (fields["script"] is not null && fields["command"] is not null)
            throw new PromiseRefusedException($"{where} has script and command; it can have one of them");
        if (Wrapped && fields["script"] is null && fields["command"] is null)
            throw new PromiseRefusedException($"{where}.{(Continues ? "onError" : "timeout")} needs the step's script or command: what the image itself would start is not known when the Pod is made");
    }

    internal string Name { get; }

    /// <summary>Whether the Task goes on when the step fails.</summary>
    internal bool Continues { get; }

    /// <summary>Null for none.</summary>
    internal TimeSpan? Timeout { get; }

    internal IReadOnlyList<string> Results { get; }

    internal string ExitCodePath => $"{RunPlan.ResultsFolder}/{StepFiles.ExitCode(Name)}";

    internal IEnumerable<string> ResultFiles => Results.Select(r => StepFiles.Result(Name, r)).Concat(Continues ? [StepFiles.ExitCode(Name)] : []);

    /// <summary>The workspaces it claims for itself and its like, with the path it wants them at (null: the workspace's own).</summary>
    internal IReadOnlyDictionary<string, string?> Workspaces { get; }

    private bool Wrapped => Continues || Timeout is not null;

    internal static IReadOnlyList<TaskStep> ReadAll(JsonObject spec, TaskVariables task, string at)
    {
        var steps = Maps(spec, "steps", at);
        if (steps.Count == 0)
            throw new PromiseRefusedException($"{at}.steps must list at least one step");
        var template = Map(spec, "stepTemplate", $"{at}.stepTemplate");
        if (template is not null)
        {
            Known(template, ContainerFields, $"{at}.stepTemplate");
            ContainerParts(template, $"{at}.stepTemplate");
        }

        var names = OwnNames();
        return [.. steps.Select((step, i) => Read(step, template, i, names, task, $"{at}.steps[{i}]"))];
    }

    private static TaskStep Read(JsonObject step, JsonObject? template, int index, HashSet<string> names, TaskVariables task, string where)
    {
        if (step.Select(kv => kv.Key).FirstOrDefault(Unsupported.Contains) is { } unsupported)
            throw new PromiseRefusedException($"{where}.{unsupported} is not supported; known are {string.Join(", ", StepFields.Order(StringComparer.Ordinal))}");
        Known(step, StepFields, where);
        ContainerParts(step, where);
        var name = ContainerName(Text(step, "name", where) ?? string.Create(CultureInfo.InvariantCulture, $"unnamed-{index}"), names, where);
        return new TaskStep(StepTemplate.Under(step, template), name, task, where);
    }

    internal string PathOf(string result) => $"{RunPlan.ResultsFolder}/{StepFiles.Result(Name, result)}";

    internal PlannedStep Plan(TaskVariables task, IReadOnlyList<TaskWorkspace> workspaces)
    {
        var mine = workspaces.Where(w => !w.IsClaimed || Workspaces.ContainsKey(w.Name)).Select(w => w with { Path = Workspaces.GetValueOrDefault(w.Name) ?? w.Path }).ToList();
        var variables = task.With(Results.Select(r => ($"step.results.{r}.path", PathOf(r))), mine);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var container = new JsonObject { ["name"] = Name };
        foreach (var field in ContainerFields.Where(f => f is not ("command" or "args") && _fields[f] is not null).Order(StringComparer.Ordinal))
            container[field == "computeResources" ? "resources" : field] = variables.Everywhere(_fields[field], $"{_where}.{field}");
        if (Text(container, "image", _where) is null)
            throw new PromiseRefusedException($"{_where}.image is missing");
        var command = variables.Texts(Texts(_fields, "command", _where), $"{_where}.command");
        if (Text(_fields, "script", _where) is { } script)
        {
            files[Name] = WithInterpreter(variables.Text(script, $"{_where}.script"), _where);
            command = [$"{ScriptFolder}/{Name}"];
        }

        if (Wrapped)
        {
            files[WrapperFile] = StepWrapper.Script;
            foreach (var (index, word) in StepWrapper.Command($"{ScriptFolder}/{WrapperFile}", Continues ? ExitCodePath : null, Timeout).Index())
                command.Insert(index, word);
        }

        if (command.Count > 0)
            container["command"] = command;
        if (variables.Texts(Texts(_fields, "args", _where), $"{_where}.args") is { Count: > 0 } args)
            container["args"] = args;
        var mounts = container["volumeMounts"] as JsonArray ?? [];
        container["volumeMounts"] = new JsonArray([.. mounts.Select(m => m?.DeepClone()), .. Mounts(mine, files.Count > 0)]);
        return new PlannedStep(container, files);
    }

    private static IEnumerable<JsonNode> Mounts(IReadOnlyList<TaskWorkspace> workspaces, bool scripts)
    {
        foreach (var workspace in workspaces)
        {
            var mount = new JsonObject { ["name"] = workspace.Volume, ["mountPath"] = workspace.Path };
            if (workspace.ReadOnly)
                mount["readOnly"] = true;
            yield return mount;
        }

        if (scripts)
            yield return new JsonObject { ["name"] = ScriptVolume, ["mountPath"] = ScriptFolder, ["readOnly"] = true };
    }

    private Dictionary<string, string?> ReadWorkspaces()
    {
        var result = new Dictionary<string, string?>(StringComparer.Ordinal);
        var list = Maps(_fields, "workspaces", _where);
        for (var i = 0; i < list.Count; i++)
        {
            var at = $"{_where}.workspaces[{i}]";
            Known(list[i], ["name", "mountPath"], at);
            if (!result.TryAdd(Text(list[i], "name", at) ?? throw new PromiseRefusedException($"{at}.name is missing"), Text(list[i], "mountPath", at)))
                throw new PromiseRefusedException($"{at}.name is there twice");
        }

        return result;
    }

    /// <summary>As Tekton does: without a line that names an interpreter it is a shell script that ends at its first error.</summary>
    private static string WithInterpreter(string script, string where)
    {
        var trimmed = script.TrimStart();
        if (trimmed.StartsWith("#!win", StringComparison.Ordinal))
            throw new PromiseRefusedException($"{where}.script is for Windows (#!win); steps run on Linux");
        return trimmed.StartsWith("#!", StringComparison.Ordinal) ? trimmed : $"#!/bin/sh\nset -e\n{script}";
    }

    private string? Expanded(string field, TaskVariables task) => Text(_fields, field, _where) is { } text ? task.Text(text, $"{_where}.{field}") : null;

    private TimeSpan? ReadTimeout(string? text)
    {
        if (text is null)
            return null;
        if (GoDuration.Parse(text) is not { } timeout)
            throw new PromiseRefusedException($"{_where}.timeout is \"{text}\"; it must be a valid duration such as 30s or 1h30m");
        return timeout > TimeSpan.Zero ? timeout : null;
    }
}
