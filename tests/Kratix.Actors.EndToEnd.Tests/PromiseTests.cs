using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Installing Promises, seen with kubectl.</summary>
public sealed class PromiseTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R1", "A Promise document with workflows is installed by kubectl apply.")]
    [Conformance("R32", "A Pipeline with a name and containers of name and image is accepted.")]
    [Conformance("R2", "The CRD of spec.api is created and becomes Established.")]
    [Conformance("R3", "The created CRD has the status subresource on every version, whatever its author wrote.")]
    [Conformance("R4", "The status schema of each version keeps unknown keys and declares message, counters, conditions and kratix, in place of what its author wrote.")]
    [Conformance("R5", "Columns message and status are added where the author has none, and only there.")]
    [Conformance("R6", "The created CRD carries the label kratix.io/promise-name, and request names have at most 63 characters.")]
    [Conformance("R12", "An installed Promise shows status Available and the condition Available with reason PromiseAvailable.")]
    public async Task A_promise_document_makes_its_api_available()
    {
        await shared.Kubectl.Apply(
            """
            apiVersion: platform.kratix.io/v1alpha1
            kind: Promise
            metadata:
              name: queue
            spec:
              destinationSelectors:
                - matchLabels: { corner: nowhere }
              api:
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata:
                  name: queues.messaging.example
                spec:
                  group: messaging.example
                  scope: Namespaced
                  names: { kind: Queue, plural: queues, singular: queue }
                  versions:
                    - name: v1alpha1
                      served: true
                      storage: false
                      additionalPrinterColumns: [{ name: size, type: string, jsonPath: .spec.size }]
                      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
                    - name: v1
                      served: true
                      storage: true
                      schema:
                        openAPIV3Schema:
                          type: object
                          properties:
                            spec: { type: object, properties: { size: { type: string } } }
                            status: { type: string }
              workflows:
                resource:
                  configure:
                    - apiVersion: platform.kratix.io/v1alpha1
                      kind: Pipeline
                      metadata: { name: configure }
                      spec:
                        containers:
                          - name: only
                            image: localhost/busybox:demo
            """);
        await shared.Kubectl.Until("crd", "queues.messaging.example", "is Established", crd => crd.Has("Established"));
        var promise = await shared.Kubectl.Until("promise", "queue", "is Available", p => p.Has("Available"));
        Assert.Equal(new Condition("True", "PromiseAvailable", "Ready to fulfil resource requests"), promise.Condition("Available"));
        Assert.Equal("Available", promise.Text("status.status"));
        Assert.Equal("Queue", promise.Text("status.kind"));

        var crd = await shared.Kubectl.Get("crd", "queues.messaging.example");
        Assert.Equal("queue", crd["metadata"]!["labels"]!["kratix.io/promise-name"]!.ToString());
        Assert.All(crd["spec"]!["versions"]!.AsArray(), version => Assert.NotNull(version!["subresources"]!["status"]));

        Assert.All(crd["spec"]!["versions"]!.AsArray(), version =>
        {
            var status = version.At("schema.openAPIV3Schema.properties.status");
            Assert.True((bool)status.At("x-kubernetes-preserve-unknown-fields")!);
            Assert.Equal("string", status.Text("properties.message.type"));
            foreach (var counter in new[] { "observedGeneration", "workflows", "workflowsSucceeded", "workflowsFailed", "kratix.properties.workflows.properties.suspendedGeneration" })
                Assert.Equal(("integer", "int64"), (status.Text($"properties.{counter}.type"), status.Text($"properties.{counter}.format")));
            Assert.Equal(["lastTransitionTime", "message", "reason", "status", "type"], status.At("properties.conditions.items.properties")!.AsObject().Select(f => f.Key).Order());
            Assert.Equal(
                ["attempts", "lastTransitionTime", "message", "name", "nextRetryAt", "phase"],
                status.At("properties.kratix.properties.workflows.properties.pipelines.items.properties")!.AsObject().Select(f => f.Key).Order());
            Assert.Equal("string", status.Text("properties.kratix.properties.workflows.properties.lastSuccessfulConfigureWorkflowTime.type"));
        });
        Assert.Equal(["size"], Columns(0));
        Assert.Equal(["message", "status"], Columns(1).Take(2));

        var tooLong = await shared.Kubectl.Try($$"""{ "apiVersion": "messaging.example/v1", "kind": "Queue", "metadata": { "name": "{{new string('q', 64)}}" } }""", "apply", "-f", "-");
        Assert.NotEqual(0, tooLong.ExitCode);
        Assert.Contains("metadata.name", tooLong.Error, StringComparison.Ordinal);

        IEnumerable<string> Columns(int version) => crd.At($"spec.versions.{version}.additionalPrinterColumns")!.AsArray().Select(c => c!["name"]!.ToString());
    }

    [Fact]
    [Conformance("R16", "A Promise without API and without Pipelines becomes Available.")]
    public async Task A_promise_without_api_and_pipelines_becomes_available()
    {
        await shared.Kubectl.Apply(Manifests.Promise("bare", null, null, new JsonObject { ["corner"] = "nowhere" }));
        await shared.Kubectl.WaitFor("Available", "promise/bare");
    }

    [Fact]
    [Conformance("R17", "Applying the same Promise again runs no workflow.")]
    [Conformance("R23", "A change of labels or of status alone runs no workflow.")]
    public async Task Applying_the_same_again_or_a_label_runs_nothing()
    {
        var corner = await shared.Corner("unchanged");
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        await corner.Install((JsonObject)promise.DeepClone());
        await corner.Request("quiet");
        await corner.Reconciled("quiet");
        var before = await corner.Audit("quiet");

        await corner.Kubectl.Apply(promise);
        await corner.Kubectl.Run("label", "promise", corner.Name, "colour=blue");
        await corner.Kubectl.Run("label", corner.Things, "quiet", "colour=blue");
        // Whatever the changes above had set off would stand in line before this request's run.
        await corner.Request("afterwards");
        await corner.Reconciled("afterwards");
        Assert.Equal(before.Count, (await corner.Audit("quiet")).Count);
        Assert.Single(await corner.Kubectl.List("pods", "-l", "kratix.io/resource-name=quiet"));
    }

    [Fact]
    [Conformance("R10", "spec.dependencies are one file static/PROMISE-dependencies.yaml at every matching Destination, with all manifests.")]
    [Conformance("R11", "Without dependencies their files are gone.")]
    public async Task Dependencies_are_one_file_at_every_match()
    {
        var corner = await shared.Corner("depends");
        await corner.Kubectl.Apply(Manifests.List(
            Manifests.Destination("depends-two", "depends-two", corner.Name, corner.Label), Manifests.Destination("depends-not", "depends-not", corner.Name, new JsonObject { ["corner"] = "elsewhere" })));
        var promise = corner.Promise();
        promise["spec"]!["dependencies"] = JsonNode.Parse(
            """[{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "operators" } }, { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c", "namespace": "operators" }, "data": { "a": "b" } }]""");
        await corner.Install((JsonObject)promise.DeepClone());
        await corner.Kubectl.Until("promise", corner.Name, "has its files written", p => p.IsReconciled());

        string[] files = ["depends-two/dependencies/depends/5058f/static/depends-dependencies.yaml", "depends/dependencies/depends/5058f/static/depends-dependencies.yaml"];
        Assert.Equal(files, (await corner.Repository.Files()).Order(StringComparer.Ordinal));
        foreach (var file in files)
        {
            var documents = (await corner.Repository.Read(file)).Split("---\n");
            Assert.Equal(2, documents.Length);
            Assert.Contains("kind: Namespace\n", documents[0], StringComparison.Ordinal);
            Assert.Contains("name: operators\n", documents[0], StringComparison.Ordinal);
            Assert.Contains("kind: ConfigMap\n", documents[1], StringComparison.Ordinal);
        }

        promise["spec"]!.AsObject().Remove("dependencies");
        await corner.Kubectl.Apply(promise);
        await corner.Kubectl.Until("promise", corner.Name, "has taken its files back", p => p.IsReconciled());
        Assert.Empty(await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R39", "object.yaml of a promise workflow is the Promise, with the status it has when the Pipeline starts.")]
    public async Task Promise_workflow_reads_the_Promise_with_its_latest_status()
    {
        var corner = await shared.Corner("reads-itself");
        await corner.Kubectl.Apply(corner.Promise(promiseConfigure:
        [
            Manifests.Pipeline("one", "echo 'message: one was here' > /kratix/metadata/status.yaml"),
            Manifests.Pipeline("two", "cp /kratix/input/object.yaml /kratix/output/"),
        ]));
        await corner.Kubectl.Until("promise", corner.Name, "has its files written", p => p.IsReconciled());
        var read = await corner.Repository.Read($"{corner.Name}/dependencies/{corner.Name}/two/5058f/object.yaml");
        Assert.StartsWith("apiVersion: platform.kratix.io/v1alpha1\nkind: Promise\n", read, StringComparison.Ordinal);
        Assert.Contains("  name: reads-itself\n", read, StringComparison.Ordinal);
        Assert.Matches("(?s)status:\n.*pipelines:\n.*name: one\n.*phase: Succeeded\n", read);
    }
}
