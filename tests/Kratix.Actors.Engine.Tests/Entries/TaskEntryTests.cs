using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Engine.Entries;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Entries;

public sealed class TaskEntryTests
{
    private const string Step = "{name: s, image: i, command: [c]}";

    [Theory]
    [InlineData("sidecars: [{}]", "at.spec.sidecars is not supported")]
    [InlineData("stages: []", "unknown field \"at.spec.stages\"; known are description, displayName, params")]
    [InlineData("steps: []", "at.spec.steps must list at least one step")]
    [InlineData("steps: {}", "at.spec.steps must be a list of maps")]
    [InlineData("steps: [{name: s, image: i, resources: {}}]", "unknown field \"at.spec.steps[0].resources\"")]
    [InlineData("steps: [{name: s, image: i, when: []}]", "at.spec.steps[0].when is not supported")]
    [InlineData("steps: [{name: s, image: i, ref: {name: x}}]", "at.spec.steps[0].ref is not supported")]
    [InlineData("steps: [{name: s}]", "at.spec.steps[0].image is missing")]
    [InlineData("steps: [{name: Build, image: i}]", "at.spec.steps[0].name is \"Build\"; it must be lower-case")]
    [InlineData("steps: [{name: s, image: i}, {name: s, image: i}]", "at.spec.steps[1].name \"s\" is used by another container")]
    [InlineData("steps: [{name: reader, image: i}]", "or by the platform (reader, writer)")]
    [InlineData("steps: [{name: s, image: i, command: c}]", "at.spec.steps[0].command is \"c\"; it must be a list of texts")]
    [InlineData("steps: [{name: s, image: i, args: [1]}]", "at.spec.steps[0].args is [1]; it must be a list of texts (put numbers")]
    [InlineData("steps: [{name: s, image: i, script: x, command: [c]}]", "at.spec.steps[0] has script and command")]
    [InlineData("steps: [{name: s, image: i, script: \"#!win cmd\"}]", "at.spec.steps[0].script is for Windows")]
    [InlineData("steps: [{name: s, image: i, onError: ignore}]", "at.spec.steps[0].onError is \"ignore\"; it must be continue or stopAndFail")]
    [InlineData("steps: [{name: s, image: i, onError: continue}]", "at.spec.steps[0].onError needs the step's script or command")]
    [InlineData("steps: [{name: s, image: i, timeout: 5s}]", "at.spec.steps[0].timeout needs the step's script or command")]
    [InlineData("steps: [{name: s, image: i, timeout: soon, script: x}]", "at.spec.steps[0].timeout is \"soon\"; it must be a valid duration")]
    [InlineData("steps: [{name: s, image: i, workspaces: [{name: w}]}]", "claims the workspace \"w\", which the Task does not have")]
    [InlineData("steps: [{name: s, image: i, results: [{name: -x}]}]", "at.spec.steps[0].results[0].name is \"-x\"")]
    [InlineData("steps: [{name: s, image: i, script: $(params.x)}]", "at.spec.steps[0].script refers to $(params.x), which the Task does not have; known are context.task.name")]
    [InlineData("steps: [{name: s, image: i, env: [{name: E, value: $(params.x)}]}]", "at.spec.steps[0].env[0].value refers to $(params.x)")]
    [InlineData("steps: [{name: s, image: i, script: $(results.x.path)}]", "refers to $(results.x.path)")]
    [InlineData("steps: [{name: s, image: i, script: $(steps.s.exitCode.path)}]", "refers to $(steps.s.exitCode.path)")]
    [InlineData("params: [{name: p}], steps: [" + Step + "]", "at.spec.params[0] (\"p\") has no default; nothing passes a value")]
    [InlineData("params: [{name: 1p, default: x}], steps: [" + Step + "]", "at.spec.params[0].name is \"1p\"")]
    [InlineData("params: [{name: p, default: x}, {name: p, default: x}], steps: [" + Step + "]", "at.spec.params[1].name \"p\" is used by another param")]
    [InlineData("params: [{name: p, type: string, default: [a]}], steps: [" + Step + "]", "at.spec.params[0].default is [\"a\"]; its type is string")]
    [InlineData("params: [{name: p, default: sometimes}], steps: [{name: s, image: i, script: x, onError: $(params.p)}]", "at.spec.steps[0].onError is \"sometimes\"")]
    [InlineData("workspaces: [{name: w}], volumes: [{name: workspace-0, emptyDir: {}}], steps: [" + Step + "]", "at.spec.volumes has \"workspace-0\", a name that another volume or the platform has")]
    [InlineData("params: [{name: p, type: array, default: x}], steps: [" + Step + "]", "at.spec.params[0].default is \"x\"; its type is array")]
    [InlineData("params: [{name: p, type: list, default: x}], steps: [" + Step + "]", "at.spec.params[0].type is \"list\"; it must be string, array or object")]
    [InlineData("params: [{name: p, enum: [a, b], default: c}], steps: [" + Step + "]", "at.spec.params[0].default is \"c\"; its enum allows a, b")]
    [InlineData("params: [{name: p, default: {a: 1}}], steps: [" + Step + "]", "at.spec.params[0].default.a is 1; it must be text")]
    [InlineData("params: [{name: p, properties: {a: {}}, default: {b: x}}], steps: [" + Step + "]", "at.spec.params[0].default has no \"a\"")]
    [InlineData("params: [{name: p, default: [a]}], steps: [{name: s, image: i, script: $(params.p)}]", "has $(params.p) inside a text; a list fits only as an element of its own of command or args")]
    [InlineData("results: [{name: r}, {name: r}], steps: [" + Step + "]", "at.spec.results[1].name \"r\" is used by another result")]
    [InlineData("workspaces: [{name: w}, {name: w}], steps: [" + Step + "]", "at.spec.workspaces[1].name \"w\" is used by another workspace")]
    [InlineData("workspaces: [{}], steps: [" + Step + "]", "at.spec.workspaces[0].name is missing")]
    [InlineData("workspaces: [{name: w, size: 1}], steps: [" + Step + "]", "unknown field \"at.spec.workspaces[0].size\"")]
    [InlineData("stepTemplate: {script: x}, steps: [" + Step + "]", "unknown field \"at.spec.stepTemplate.script\"")]
    [Conformance("K7", "An unknown or unsupported field of a Task is refused by its name.")]
    public void Task_that_cannot_be_run_is_refused_by_field(string spec, string reason) =>
        Assert.Contains(reason, Assert.Throws<PromiseRefusedException>(() => TaskEntry.Check(Task(spec), "at")).Message, StringComparison.Ordinal);

    [Fact]
    public void Scripts_too_large_for_a_Pod_are_refused()
    {
        var task = Task($"steps: [{Step}]");
        task["spec"]!["steps"]![0] = new JsonObject { ["name"] = "s", ["image"] = "i", ["script"] = new string('x', 300_000) };
        Assert.Contains("the scripts of at have 300017 bytes; 204800 is the most", Assert.Throws<PromiseRefusedException>(() => TaskEntry.Check(task, "at")).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Conformance("K7", "Params of a Task with text, lists and maps as defaults are put in where its steps refer to them.")]
    public void Params_are_put_in_wherever_a_step_refers_to_them()
    {
        var parts = Parts(
            """
            params:
              - {name: text, default: hello}
              - {name: dotted.name, default: dots}
              - {name: list, type: array, default: [a, b c]}
              - {name: count, default: 3}
              - {name: map, default: {key: value}}
            volumes: [{name: v, configMap: {name: "$(params.text)-config"}}]
            steps:
              - name: s
                image: $(params.text):1
                command: [run, "$(params.list[*])", $(params.list)]
                args: ["$(params.list[1])", "--x=$(params.map.key)", "$(params['dotted.name'])$(params[\"text\"])$(params.count)", "$(MINE) $(date) $(cat params.text)"]
                env: [{name: E, value: "<$(params.text)>"}, {name: F, valueFrom: {secretKeyRef: {name: $(params.text), key: k}}}]
                envFrom: [{configMapRef: {name: $(params.text)}}]
                workingDir: /$(params.text)
                volumeMounts: [{name: v, mountPath: /$(params.map.key)}]
            """);
        Assert.Equal(
            """
            args:
            - b c
            - --x=value
            - dotshello3
            - $(MINE) $(date) $(cat params.text)
            command:
            - run
            - a
            - b c
            - a
            - b c
            env:
            - name: E
              value: <hello>
            - name: F
              valueFrom:
                secretKeyRef:
                  key: k
                  name: hello
            envFrom:
            - configMapRef:
                name: hello
            image: hello:1
            name: s
            volumeMounts:
            - mountPath: /value
              name: v
            workingDir: /hello
            """, Shown(parts.Steps[0]!));
        Assert.Equal("hello-config", (string?)parts.Volumes[0]!["configMap"]!["name"]);
    }

    [Fact]
    public void What_a_Task_knows_of_its_run_is_put_in()
    {
        var parts = Parts("steps: [{name: s, image: i, args: [$(context.task.name), $(context.taskRun.name), $(context.taskRun.namespace), $(context.taskRun.uid), $(context.task.retry-count)]}]");
        Assert.Equal(["the-task", "pod-1", "team", "run-1", "2"], parts.Steps[0]!["args"]!.AsArray().Select(a => (string?)a));
    }

    [Fact]
    [Conformance("K7", "A Task's script is an executable file in its step; without an interpreter it is a shell script that ends at its first error.")]
    public void Scripts_travel_in_the_Pod_and_are_executable_files()
    {
        var parts = Parts(
            """
            params: [{name: who, default: world}]
            steps:
              - {name: plain, image: i, script: "echo $(params.who) $$", args: [one]}
              - {name: python, image: i, script: "\n#!/usr/bin/env python3\nprint('$(params.who)')\n"}
            """);
        Assert.Equal("#!/bin/sh\nset -e\necho world $$", parts.Annotations["scripts.kratix.io/plain"]);
        Assert.Equal("#!/usr/bin/env python3\nprint('world')\n", parts.Annotations["scripts.kratix.io/python"]);
        Assert.Equal(
            """
            args:
            - one
            command:
            - /tekton/scripts/plain
            image: i
            name: plain
            volumeMounts:
            - mountPath: /tekton/scripts
              name: task-scripts
              readOnly: true
            """, Shown(parts.Steps[0]!));
        Assert.Equal(
            """
            downwardAPI:
              defaultMode: 493
              items:
              - fieldRef:
                  fieldPath: metadata.annotations['scripts.kratix.io/plain']
                path: plain
              - fieldRef:
                  fieldPath: metadata.annotations['scripts.kratix.io/python']
                path: python
            name: task-scripts
            """, Shown(parts.Volumes[0]!));
    }

    [Fact]
    public void Step_that_continues_or_has_a_timeout_is_started_by_the_wrapper_and_no_other()
    {
        var parts = Parts(
            """
            params: [{name: limit, default: 1m0.5s}]
            steps:
              - {name: free, image: i, command: [c]}
              - {name: lenient, image: i, command: [c, d], args: [e], onError: continue}
              - {name: limited, image: i, script: x, timeout: $(params.limit)}
              - {name: unlimited, image: i, command: [c], timeout: 0s, onError: stopAndFail}
              - {name: looks, image: i, args: [$(steps.step-lenient.exitCode.path), $(steps.lenient.exitCode.path)]}
            """);
        string[] Command(int step) => [.. (parts.Steps[step]!["command"] as JsonArray ?? []).Select(c => c!.ToString())];
        Assert.Equal(["c"], Command(0));
        Assert.Equal(["/bin/sh", "/tekton/scripts/run_step", "/tekton/results/.lenient", "0", "c", "d"], Command(1));
        Assert.Equal("""["e"]""", parts.Steps[1]!["args"]!.ToJsonString());
        Assert.Equal(["/bin/sh", "/tekton/scripts/run_step", "-", "61", "/tekton/scripts/limited"], Command(2));
        Assert.Equal(["c"], Command(3));
        Assert.Equal("""["/tekton/results/.lenient","/tekton/results/.lenient"]""", parts.Steps[4]!["args"]!.ToJsonString());
        Assert.Equal([".lenient"], parts.ResultFiles.AsEnumerable());
        Assert.Equal(TimeSpan.FromSeconds(60.5), Assert.Single(parts.Timeouts).Value);
        Assert.Equal(StepWrapper.Script, parts.Annotations["scripts.kratix.io/run_step"]);
    }

    [Fact]
    public void Results_and_workspaces_have_Tektons_paths()
    {
        var parts = Parts(
            """
            results: [{name: url, description: where}, {name: dotted.one, type: array}]
            workspaces: [{name: source}, {name: cache, mountPath: /cache, readOnly: true}, {name: keys}, {name: extra, optional: true}]
            steps:
              - name: s
                image: i
                results: [{name: digest}]
                args: [$(results.url.path), "$(results['dotted.one'].path)", $(step.results.digest.path), $(workspaces.source.path), $(workspaces.cache.path), $(workspaces.source.bound), "$(workspaces.cache.claim)"]
              - {name: t, image: i, args: [$(steps.s.results.digest.path), $(workspaces.keys.path)], workspaces: [{name: keys, mountPath: /keys}, {name: extra}]}
            """);
        Assert.Equal(
            ["/tekton/results/url", "/tekton/results/dotted.one", "/tekton/results/.s.digest", "/workspace/source", "/cache", "true", ""],
            parts.Steps[0]!["args"]!.AsArray().Select(a => (string?)a));
        Assert.Equal(["/tekton/results/.s.digest", "/keys"], parts.Steps[1]!["args"]!.AsArray().Select(a => (string?)a));
        Assert.Equal(["workspace-0:/workspace/source:", "workspace-1:/cache:true"], Mounts(parts.Steps[0]!));
        // Claimed by one step, it is that step's alone.
        Assert.Equal(["workspace-0:/workspace/source:", "workspace-1:/cache:true", "workspace-2:/keys:"], Mounts(parts.Steps[1]!));
        Assert.Equal(["url", "dotted.one", ".s.digest"], parts.ResultFiles.AsEnumerable());
        Assert.All(parts.Volumes, v => Assert.NotNull(v!["emptyDir"]));
    }

    [Fact]
    public void Optional_workspace_is_not_there_because_nobody_provides_it()
    {
        var parts = Parts("workspaces: [{name: w, optional: true}], steps: [{name: s, image: i, args: [\"$(workspaces.w.bound)\", \"$(workspaces.w.path)\"], workspaces: [{name: w}]}]");
        Assert.Equal(["false", ""], parts.Steps[0]!["args"]!.AsArray().Select(a => (string?)a));
        Assert.Empty(parts.Volumes);
        Assert.Empty(Mounts(parts.Steps[0]!));
    }

    [Fact]
    public void Step_template_is_what_a_step_does_not_say()
    {
        var parts = Parts(
            """
            stepTemplate:
              image: template
              command: [template]
              args: [template]
              env: [{name: A, value: template}, {name: B, value: template}]
              volumeMounts: [{name: v, mountPath: /v}]
              securityContext: {runAsUser: 1, capabilities: {drop: [ALL]}}
              computeResources: {limits: {memory: 1Gi}}
            steps:
              - {name: own, image: own, command: [own], args: [own], env: [{name: B, value: own}], securityContext: {runAsUser: 2}}
              - {name: none}
              - {name: script, script: x}
            """);
        Assert.Equal(
            """
            args:
            - own
            command:
            - own
            env:
            - name: A
              value: template
            - name: B
              value: own
            image: own
            name: own
            resources:
              limits:
                memory: "1Gi"
            securityContext:
              capabilities:
                drop:
                - ALL
              runAsUser: 2
            volumeMounts:
            - mountPath: /v
              name: v
            """, Shown(parts.Steps[0]!));
        Assert.Equal(("template", """["template"]""", """["template"]"""), ((string?)parts.Steps[1]!["image"], parts.Steps[1]!["command"]!.ToJsonString(), parts.Steps[1]!["args"]!.ToJsonString()));
        Assert.Equal(("""["/tekton/scripts/script"]""", null), (parts.Steps[2]!["command"]!.ToJsonString(), parts.Steps[2]!["args"]?.ToJsonString()));
    }

    [Fact]
    public void Steps_without_a_name_are_numbered() =>
        Assert.Equal(["unnamed-0", "named", "unnamed-2"], Parts("steps: [{image: i}, {name: named, image: i}, {image: i}]").Steps.Select(s => (string?)s!["name"]));

    private static RunParts Parts(string spec) => TaskEntry.Parts(Task(spec), "at", new TaskRunNames("pod-1", "team", "run-1", "the-task", 2));

    private static JsonObject Task(string spec) =>
        new() { ["spec"] = spec.Contains('\n', StringComparison.Ordinal) ? Yaml.Parse(spec) : Yaml.Parse($"{{{spec}}}") };

    private static string Shown(JsonNode node) => Yaml.Write(JsonNode.Parse(Canonical.Text(node))).TrimEnd();

    private static IEnumerable<string> Mounts(JsonNode container) => container["volumeMounts"]!.AsArray().Select(m => $"{m!["name"]}:{m["mountPath"]}:{m["readOnly"]}");
}
