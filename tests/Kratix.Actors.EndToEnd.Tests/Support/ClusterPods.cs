using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Standalone.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>
/// The Pods of a cluster's API server, for a node that plays its kubelet. No Pod is bound to it, since nobody schedules: deleting one therefore takes it away at once, and there is
/// nothing to finish.
/// </summary>
internal sealed class ClusterPods(KubernetesClient client, Kubectl kubectl) : IPodStore
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", true);
    private static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap", true);
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", true);
    private static readonly ResourceType ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount", true);
    private readonly ResourceWatch _watch = new(client, new ResourceWatchOptions(), TimeProvider.System);

    public async IAsyncEnumerable<PodChange> Watch([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var signal in _watch.Watch(Pods, null, null, ct))
        {
            PodChange? told = signal switch
            {
                WatchSignal.Listed listed => new PodChange.Listed(listed.Items),
                WatchSignal.Changed changed => new PodChange.Changed(changed.Item),
                WatchSignal.Removed removed => new PodChange.Removed(removed.Item),
                _ => null,
            };
            if (told is not null)
                yield return told;
        }
    }

    public Task<JsonObject?> ConfigMap(string ns, string name, CancellationToken ct) => Get(ConfigMaps, ns, name, ct);

    public Task<JsonObject?> Secret(string ns, string name, CancellationToken ct) => Get(Secrets, ns, name, ct);

    public Task<JsonObject?> ServiceAccount(string ns, string name, CancellationToken ct) => Get(ServiceAccounts, ns, name, ct);

    public async Task<string?> Token(PodIdentity pod, string serviceAccount, IReadOnlyList<string> audiences, CancellationToken ct)
    {
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject
            {
                ["audiences"] = new JsonArray([.. audiences]),
                ["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = pod.Name, ["uid"] = pod.Uid },
            },
        };
        var answer = await kubectl.Try(request.ToJsonString(), "create", "--raw", $"/api/v1/namespaces/{pod.Namespace}/serviceaccounts/{serviceAccount}/token", "-f", "-");
        return answer.ExitCode == 0 ? JsonNode.Parse(answer.Output).Text("status.token") : null;
    }

    public async Task<bool> WriteStatus(PodIdentity pod, JsonObject status, CancellationToken ct)
    {
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid }, ["status"] = status.DeepClone() };
        return await client.Patch(Pods, pod.Namespace, pod.Name, PatchKind.Merge, patch, "status", ct) switch
        {
            Outcome<JsonObject>.Done => true,
            Outcome<JsonObject>.Terminal { Code: Refusal.NotFound or Refusal.Conflict } => false,
            var failed => throw new IOException(failed.Failure),
        };
    }

    public Task Finish(PodIdentity pod, CancellationToken ct) => Task.CompletedTask;

    private async Task<JsonObject?> Get(ResourceType type, string ns, string name, CancellationToken ct) =>
        await client.Get(type, ns, name, ct) is Outcome<JsonObject>.Done done ? done.Value : null;
}
