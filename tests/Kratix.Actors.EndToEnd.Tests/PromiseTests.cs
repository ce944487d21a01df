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

        var tooLong = await shared.Kubectl.Try($$"""{ "apiVersion": "messaging.example/v1", "kind": "Queue", "metadata": { "name": "{{new string('q', 64)}}" } }""", "apply", "-f", "-");
        Assert.NotEqual(0, tooLong.ExitCode);
        Assert.Contains("metadata.name", tooLong.Error, StringComparison.Ordinal);
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
}
