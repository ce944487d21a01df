using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Entries;

/// <summary>Promises come from people: any part of an entry may be anything.</summary>
public sealed class EntryReadingLaws
{
    private static readonly string[] Entries =
    [
        """
        apiVersion: tekton.dev/v1
        kind: Task
        metadata: {name: entry, labels: {a: b}, annotations: {a: b}}
        spec:
          params: [{name: text, default: x}, {name: list, type: array, default: [a, b]}, {name: map, properties: {k: {type: string}}, default: {k: v}}]
          results: [{name: url, type: string}]
          workspaces: [{name: w, mountPath: /w, readOnly: true}]
          volumes: [{name: v, configMap: {name: c}}]
          stepTemplate: {image: i, env: [{name: A, value: "1"}], volumeMounts: [{name: v, mountPath: /v}], securityContext: {runAsUser: 1}}
          steps:
            - {name: s, script: "echo $(params.text) $(results.url.path)", onError: continue, timeout: 5s, env: [{name: B, value: "$(params.map.k)"}], results: [{name: r}]}
            - {image: j, command: [c], args: ["$(params.list[*])"], workspaces: [{name: w, mountPath: /x}], computeResources: {limits: {cpu: "1"}}, envFrom: [{secretRef: {name: s}}]}
        """,
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: entry}
        spec:
          restartPolicy: Never
          activeDeadlineSeconds: 5
          nodeSelector: {a: b}
          volumes: [{name: v, emptyDir: {}}]
          initContainers: [{name: a, image: i, env: [{name: A, value: "1"}]}]
          containers: [{name: b, image: i, command: [c], args: [d], volumeMounts: [{name: v, mountPath: /v}], resources: {limits: {cpu: "1"}}}]
        """,
        """
        apiVersion: platform.kratix.io/v1alpha1
        kind: Pipeline
        metadata: {name: entry}
        spec:
          jobOptions: {backoffLimit: 1, activeDeadlineSeconds: 5}
          restartPolicy: Never
          rbac: {permissions: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
          nodeSelector: {a: b}
          tolerations: [{key: a}]
          imagePullSecrets: [{name: a}]
          volumes: [{name: v, emptyDir: {}}]
          containers: [{name: b, image: i, command: [c], args: [d], env: [{name: A, value: "1"}], volumeMounts: [{name: v, mountPath: /v}], resources: {limits: {cpu: "1"}}}]
        """,
    ];

    private static readonly string[] Odd = ["null", "0", "-1.5", "true", "\"\"", "\"$(params.nope)\"", "\"$(params.list[*])\"", "[]", "[null]", "[0]", "[\"x\"]", "[[]]", "{}", "{\"name\":null}", "{\"x\":[1]}"];

    [Fact]
    [Conformance("K7", "Whatever an entry holds, it is refused with a reason or becomes a Pod.")]
    public void Entry_with_any_part_replaced_by_anything_is_refused_or_planned()
    {
        foreach (var entry in Entries)
        {
            // Through JSON, as everything comes from the API server.
            var json = Yaml.Parse(entry)!.ToJsonString();
            var accepted = 0;
            foreach (var path in Paths(JsonNode.Parse(json)!["spec"]!, []))
            {
                foreach (var odd in Odd)
                {
                    var changed = JsonNode.Parse(json)!.AsObject();
                    Replace(changed["spec"]!, path, JsonNode.Parse(odd));
                    accepted += Try(changed, $"{string.Join('.', path)} = {odd}") ? 1 : 0;
                }
            }

            Assert.InRange(accepted, 50, 5000);
        }
    }

    private static bool Try(JsonObject entry, string story)
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["resource"]!["configure"] = new JsonArray(entry);
        try
        {
            PromiseReader.Read(promise, Samples.Settings);
        }
        catch (PromiseRefusedException refused)
        {
            Assert.Contains("spec.workflows.resource.configure[0]", refused.Message, StringComparison.Ordinal);
            // An earlier version may have accepted it, and then its run says so: anything else would be the engine's own mistake.
            var late = Record.Exception(() => Plan(entry));
            Assert.True(late is null or PromiseRefusedException, $"{story}: stored, and then not refused: {late}");
            return false;
        }
        catch (Exception other) when (other is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{story}: {other}");
        }

        var failure = Record.Exception(() => Plan(entry));
        Assert.True(failure is null, $"{story}: accepted, and then not planned: {failure}");
        return true;
    }

    private static RunPlan Plan(JsonObject entry)
    {
        var subject = new RunSubject("redis", "Redis", "example.org", "v1", "redis", "default", "a", "uid-1");
        var request = new RunRequest(new string('1', 32), WorkflowAction.Configure, entry.DeepClone().AsObject(), subject, 1);
        return RunPlanner.Plan(request, Samples.Settings, new RunExchange(new InMemoryContentStore(), Samples.Settings));
    }

    private static IEnumerable<object[]> Paths(JsonNode? node, object[] here) => (here.Length > 0 ? [here] : Enumerable.Empty<object[]>()).Concat(node switch
    {
        JsonObject map => map.SelectMany(kv => Paths(kv.Value, [.. here, kv.Key])),
        JsonArray list => list.SelectMany((item, i) => Paths(item, [.. here, i])),
        _ => [],
    });

    private static void Replace(JsonNode root, object[] path, JsonNode? value)
    {
        var at = root;
        foreach (var step in path.SkipLast(1))
            at = step is string key ? at[key]! : at[(int)step]!;
        if (path[^1] is string last)
            at[last] = value;
        else
            at[(int)path[^1]] = value;
    }
}
