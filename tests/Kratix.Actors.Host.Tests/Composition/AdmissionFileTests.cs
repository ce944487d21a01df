using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports.Documents;

namespace Kratix.Actors.Host.Tests.Composition;

/// <summary>The cluster's entries for the webhook (<c>deploy/admission.yaml</c>) say what the program serves.</summary>
public sealed class AdmissionFileTests
{
    private static readonly IReadOnlyList<JsonNode> Configurations = Yaml.ParseAll(File.ReadAllText(Repository.File("deploy/admission.yaml")));

    [Fact]
    public void Each_kind_has_an_entry_under_the_name_that_standalone_gives_its_refusals()
    {
        var entries = Entries("ValidatingWebhookConfiguration").Select(e => (Assert.Single(e!["rules"]![0]!["resources"]!.AsArray())!.ToString(), e["name"]!.ToString()));

        Assert.Equal(AdmissionWebhook.Names.Select(n => (PluralOf(n.Kind), n.Name)), entries);
    }

    [Fact]
    public void Every_entry_asks_the_same_program_and_nothing_passes_while_it_is_away()
    {
        foreach (var (kind, path) in (ReadOnlySpan<(string, string)>)[("ValidatingWebhookConfiguration", "/validate"), ("MutatingWebhookConfiguration", "/mutate")])
        {
            foreach (var entry in Entries(kind))
            {
                Assert.Equal(
                    $$"""{"name":"kratix-actors","namespace":"{{Kinds.SystemNamespace}}","port":9443,"path":"{{path}}"}""", entry!["clientConfig"]!["service"]!.ToJsonString());
                Assert.Equal(("Fail", "None", "[\"v1\"]"), (entry["failurePolicy"]!.ToString(), entry["sideEffects"]!.ToString(), entry["admissionReviewVersions"]!.ToJsonString()));
                var rule = Assert.Single(entry["rules"]!.AsArray())!;
                Assert.Equal(("[\"platform.kratix.io\"]", "[\"v1alpha1\"]"), (rule["apiGroups"]!.ToJsonString(), rule["apiVersions"]!.ToJsonString()));
            }
        }
    }

    private static JsonArray Entries(string kind) => Configurations.Single(c => c["kind"]!.ToString() == kind)["webhooks"]!.AsArray();

    private static string PluralOf(string kind) => CrdFiles.All.Select(c => c["spec"]!["names"]!).Single(n => n["kind"]!.ToString() == kind)["plural"]!.ToString();
}
