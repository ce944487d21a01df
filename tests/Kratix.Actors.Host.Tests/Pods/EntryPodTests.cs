using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Host.Tests.Pods;

/// <summary>
/// The whole Pod of an entry, golden: <c>Golden/NAME.entry.yaml</c> becomes <c>Golden/NAME.pod.yaml</c>. <c>UPDATE_SCENARIOS=1</c> rewrites the Pods; the
/// difference is reviewed with the change that causes it.
/// </summary>
public sealed class EntryPodTests
{
    [Theory]
    [InlineData("pipeline")]
    [InlineData("pod")]
    [InlineData("task")]
    [Conformance("K7", "Pipelines, Pods and Tasks become Pods of one form, which any cluster runs.")]
    [Conformance("R49", "Fields of a Pipeline's containers are in its Pod as they were written.")]
    public async Task Entry_becomes_this_Pod(string name)
    {
        var entry = Yaml.Parse(await File.ReadAllTextAsync(Golden($"{name}.entry.yaml")))!.AsObject();
        var pod = Yaml.Write(JsonNode.Parse(Canonical.Text(await Pod(entry))));
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1")
            await File.WriteAllTextAsync(Golden($"{name}.pod.yaml"), pod);
        Assert.Equal(await File.ReadAllTextAsync(Golden($"{name}.pod.yaml")), pod);
    }

    private static async Task<JsonNode> Pod(JsonObject entry)
    {
        var settings = EngineSettingsFrom.Map(
            SettingsLoader.Load(new SettingsSources([], [], new Dictionary<string, string>())).Settings, "http://engine", "a key for tests"u8.ToArray());
        var subject = new RunSubject("database", "Database", "demo.example", "v1", "databases", "team", "orders", "6f1d");
        var request = new RunRequest("0123456789abcdef0123456789abcdef", WorkflowAction.Configure, entry, subject, 1);
        var plan = RunPlanner.Plan(request, settings, new RunExchange(new InMemoryContentStore(), settings));
        var kubernetes = new FakeKubernetes(TimeProvider.System);
        var runner = new PodRunner(kubernetes, kubernetes, new PodRunnerOptions { AdapterImage = "example/kratix-actors:1" });
        Assert.IsType<Outcome<RunReport>.Done>(await runner.CreateOrAdopt(plan, CancellationToken.None));
        var pod = Assert.IsType<Outcome<JsonObject>.Done>(await kubernetes.Get(Engine.Kinds.Pod, "team", plan.PodName, CancellationToken.None)).Value;
        // What the API server adds, and what depends on the machine's key.
        foreach (var added in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields" })
            pod["metadata"]!.AsObject().Remove(added);
        return JsonNode.Parse(pod.ToJsonString().Replace(plan.ExchangeToken, "TOKEN", StringComparison.Ordinal))!;
    }

    private static string Golden(string file) => Repository.File($"tests/Kratix.Actors.Host.Tests/Pods/Golden/{file}");
}
