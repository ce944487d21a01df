using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Standalone.Tests.Support;

internal static class Manifests
{
    public const string WebsiteDefinition =
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: websites.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {kind: Website, plural: websites, singular: website, shortNames: [web], categories: [kratix]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            - {name: Title, type: string, jsonPath: .spec.title, priority: 1}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                description: A site on the web.
                properties:
                  spec:
                    type: object
                    required: [title]
                    properties:
                      size: {type: integer, default: 3, minimum: 1, maximum: 10, description: How big it is.}
                      title: {type: string, pattern: '^[a-z]+$', minLength: 2, maxLength: 8}
                      mode: {type: string, enum: [plain, fancy], x-kubernetes-validations: [{rule: self == oldSelf, message: mode is immutable}]}
                      port: {x-kubernetes-int-or-string: true}
                      since: {type: string, format: date-time}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      pages:
                        type: array
                        maxItems: 3
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [path]
                        items:
                          type: object
                          required: [path]
                          properties:
                            path: {type: string}
                            lines: {type: integer}
                  status:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
        """;

    public static string Website(string name, string spec = "title: home", string ns = "default") =>
        $$"""
        apiVersion: example.com/v1
        kind: Website
        metadata: {name: {{name}}, namespace: {{ns}}}
        spec: { {{spec}} }
        """;

    public static JsonObject Json(string yaml) => Yaml.Parse(yaml)!.AsObject();

    public static JsonObject ConfigMap(string name, string ns = "default", JsonObject? data = null, JsonObject? labels = null) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns, ["labels"] = labels },
        ["data"] = data ?? [],
    };
}
