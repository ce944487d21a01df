using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>What the benchmarks install: one repository, one Destination, and a Promise whose one container does next to nothing.</summary>
internal static class NoopPromise
{
    internal const string Kind = "Noop";
    internal const string Namespace = "default";
    internal const string Image = "localhost/busybox:demo";

    /// <summary>The least that leaves something to be written.</summary>
    internal static readonly string[] Command = ["cp", "/kratix/input/object.yaml", "/kratix/output/object.yaml"];

    internal static readonly ResourceType Type = new("bench.example", "v1", "noops", Kind, true);

    internal static readonly (ResourceType Type, JsonObject Body) Promise = (Kinds.Promise, Yaml.ParseAll(
        $"""
        apiVersion: platform.kratix.io/v1alpha1
        kind: Promise
        metadata:
          name: noop
        spec:
          api:
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: noops.bench.example
            spec:
              group: bench.example
              scope: Namespaced
              names:
                plural: noops
                singular: noop
                kind: {Kind}
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec:
                          type: object
                          properties:
                            size:
                              type: string
          workflows:
            resource:
              configure:
                - apiVersion: platform.kratix.io/v1alpha1
                  kind: Pipeline
                  metadata:
                    name: noop
                  spec:
                    containers:
                      - name: step
                        image: {Image}
                        command: [{string.Join(", ", Command)}]
        """)[0].AsObject());

    internal static (ResourceType Type, JsonObject Body) Destination { get; } = (Kinds.Destination, new JsonObject
    {
        ["apiVersion"] = Kinds.Destination.ApiVersion,
        ["kind"] = Kinds.Destination.Kind,
        ["metadata"] = new JsonObject { ["name"] = "bench" },
        ["spec"] = new JsonObject { ["path"] = "bench", ["stateStoreRef"] = new JsonObject { ["kind"] = Kinds.GitStateStore.Kind, ["name"] = "bench" } },
    });

    internal static (ResourceType Type, JsonObject Body) Store(string repository) => (Kinds.GitStateStore, new JsonObject
    {
        ["apiVersion"] = Kinds.GitStateStore.ApiVersion,
        ["kind"] = Kinds.GitStateStore.Kind,
        ["metadata"] = new JsonObject { ["name"] = "bench" },
        ["spec"] = new JsonObject { ["url"] = "file://" + repository, ["branch"] = "main" },
    });

    internal static JsonObject Request(string name) => new()
    {
        ["apiVersion"] = Type.ApiVersion,
        ["kind"] = Kind,
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Namespace },
        ["spec"] = new JsonObject { ["size"] = "small" },
    };
}
