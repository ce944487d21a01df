using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What a Pipeline says of its containers and its Pod, seen from inside and with kubectl.</summary>
public sealed class PipelineFieldTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R49", "command, args, env, envFrom, volumeMounts, imagePullPolicy, resources and securityContext of a container are applied.")]
    [Conformance("R50", "volumes, nodeSelector and tolerations of a Pipeline are applied.")]
    [Conformance("R51", "metadata.labels and metadata.annotations of a Pipeline are its Pod's.")]
    public async Task Fields_of_a_pipeline_are_those_of_its_containers_and_its_pod()
    {
        var corner = await shared.Corner("fields");
        await corner.Kubectl.Run("create", "configmap", "fields", "--from-literal=COLOUR=blue");
        await corner.Kubectl.Run("create", "secret", "generic", "fields", "--from-literal=key=s3cr3t");
        await corner.Install(corner.Promise([Pipeline()]));
        await corner.Request("a");
        await corner.Reconciled("a");

        Assert.Equal("plain blue s3cr3t blue 1234 second\n", await corner.Repository.Read($"{corner.FilesOf("a")}/seen.txt"));
        var pod = Assert.Single(await corner.Kubectl.List("pods", "-l", "team=a"));
        Assert.Equal(("for people", "linux", "gpu"), (pod.Text("metadata.annotations.note"), pod["spec"]!["nodeSelector"]!["kubernetes.io/os"]!.ToString(), pod.Text("spec.tolerations.0.key")));
        var container = pod.At("spec.initContainers.1");
        Assert.Equal(("IfNotPresent", "64Mi"), (container.Text("imagePullPolicy"), container.Text("resources.limits.memory")));
    }

    [Fact]
    [Conformance("R55", "Default resources, security context, pull policy and back-off of the platform's ConfigMap apply from the next run on, unless a container has its own.")]
    public async Task Defaults_of_the_config_map_apply_from_the_next_run_on()
    {
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data);
        var corner = await Corner.Make(platform, folder.In("repo.git"), "defaults");
        var own = Manifests.Container("own", "[ $(id -u) = 0 ]");
        own["resources"] = new JsonObject { ["limits"] = new JsonObject { ["memory"] = "32Mi" } };
        own["securityContext"] = new JsonObject { ["runAsUser"] = 0 };
        await corner.Install(corner.Promise([Manifests.PipelineOf("main", Manifests.Container("silent", "[ \"$(field spec value)\" != fails ]; id -u > /kratix/output/who.txt"), own)]));
        await corner.Request("a");
        await corner.Reconciled("a");
        Assert.Equal("0\n", await corner.Repository.Read($"{corner.FilesOf("a")}/who.txt"));

        var taken = platform.Says("ConfigMap sets: ");
        await corner.Kubectl.Apply(ConfigMap("workflows: {defaultContainerResources: {limits: {memory: 48Mi}}, defaultContainerSecurityContext: {runAsUser: 4321}, defaultImagePullPolicy: Never, jobOptions: {defaultBackoffLimit: 0}}"));
        await taken;
        await corner.Request("a", "again");
        await corner.Until("a", "runs with the defaults", t => t.IsReconciled() && t.Number("metadata.generation") == 2);
        Assert.Equal("4321\n", await corner.Repository.Read($"{corner.FilesOf("a")}/who.txt"));
        var pod = (await corner.Kubectl.List("pods", "-l", $"kratix.io/promise-name={corner.Name}")).MaxBy(p => p.Text("metadata.creationTimestamp"))!;
        Assert.Equal(("48Mi", "Never"), (pod.Text("spec.initContainers.1.resources.limits.memory"), pod.Text("spec.initContainers.1.imagePullPolicy")));
        Assert.Equal(("32Mi", "0"), (pod.Text("spec.initContainers.2.resources.limits.memory"), pod.Text("spec.initContainers.2.securityContext.runAsUser")));

        await corner.Kubectl.Apply(ConfigMap("numberOfJobsToKeep: none"));
        await corner.Kubectl.UntilAny("events", "the refusal is an event", e => e.Text("reason") == "InvalidConfiguration" && e.Text("message")!.Contains("numberOfJobsToKeep", StringComparison.Ordinal), "-n", "kratix-platform-system");
        await corner.Request("a", "fails");
        await corner.Until("a", "has failed at once", t => t.Has("Reconciled", "False"));
        Assert.Single(await corner.Audit("a"), e => e.Text("event") == "run-failed");
    }

    private static JsonObject Pipeline()
    {
        const string Script =
            """
            [ -w /kratix/output ] && ! touch /file-on-the-root 2>/dev/null
            echo "$PLAIN $COLOUR $KEY $(cat /settings/COLOUR) $(id -u) $0" > /scratch/seen.txt
            cp /scratch/seen.txt /kratix/output/
            """;
        var container = Manifests.Container("step-1", Script);
        container["args"]!.AsArray().Add("second");
        container["imagePullPolicy"] = "IfNotPresent";
        container["env"] = JsonNode.Parse("""[{"name": "PLAIN", "value": "plain"}, {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "fields", "key": "key"}}}]""");
        container["envFrom"] = JsonNode.Parse("""[{"configMapRef": {"name": "fields"}}]""");
        container["volumeMounts"] = JsonNode.Parse("""[{"name": "settings", "mountPath": "/settings"}, {"name": "scratch", "mountPath": "/scratch"}]""");
        container["resources"] = JsonNode.Parse("""{"limits": {"memory": "64Mi"}}""");
        container["securityContext"] = JsonNode.Parse("""{"runAsUser": 1234, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}""");
        var pipeline = Manifests.PipelineOf("main", container);
        pipeline["metadata"]!["labels"] = new JsonObject { ["team"] = "a" };
        pipeline["metadata"]!["annotations"] = new JsonObject { ["note"] = "for people" };
        pipeline["spec"]!["volumes"] = JsonNode.Parse("""[{"name": "settings", "configMap": {"name": "fields"}}, {"name": "scratch", "emptyDir": {}}]""");
        pipeline["spec"]!["nodeSelector"] = new JsonObject { ["kubernetes.io/os"] = "linux" };
        pipeline["spec"]!["tolerations"] = JsonNode.Parse("""[{"key": "gpu", "operator": "Exists"}]""");
        return pipeline;
    }

    private static JsonObject ConfigMap(string config) => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "kratix", ["namespace"] = "kratix-platform-system" },
        ["data"] = new JsonObject { ["config"] = config },
    };
}
