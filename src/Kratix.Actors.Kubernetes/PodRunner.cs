using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Kubernetes;

/// <summary>
/// Runs as Pods. A Pod's name is the plan's, so two creators of one run meet at the API server, which lets one of them create; the other finds
/// the run id it was looking for, and adopts.
/// </summary>
public sealed class PodRunner(IKubernetes kubernetes, IResourceWatch watch, PodRunnerOptions options) : IRunner
{
    public async Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation)
    {
        if (PodTemplate.Problem(plan) is { } problem)
            return new Outcome<RunReport>.Terminal(Refusal.Invalid, problem);
        var created = await kubernetes.Create(KnownTypes.Pod, plan.Namespace, PodTemplate.Build(plan, options), cancellation);
        return created is Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists } ? await Adopt(plan, cancellation) : created.Select(Report);
    }

    public Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation) =>
        kubernetes.Delete(KnownTypes.Pod, ns, podName, cancellation);

    public async IAsyncEnumerable<RunSignal> Observe([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var signal in watch.Watch(KnownTypes.Pod, null, $"{PodTemplate.ManagedByKey}={PodTemplate.ManagedBy}", cancellation))
        {
            if (Told(signal) is { } told)
                yield return told;
        }
    }

    private async Task<Outcome<RunReport>> Adopt(RunPlan plan, CancellationToken cancellation)
    {
        var found = await kubernetes.Get(KnownTypes.Pod, plan.Namespace, plan.PodName, cancellation);
        return found switch
        {
            Outcome<JsonObject>.Done { Value: var pod } when RunIdOf(pod) == plan.RunId && PodStatus.Read(pod) is { } report => new Outcome<RunReport>.Done(report),
            Outcome<JsonObject>.Done { Value: var pod } => new Outcome<RunReport>.Terminal(
                Refusal.AlreadyExists,
                RunIdOf(pod) is { } other && other != plan.RunId
                    ? $"Pod {plan.Namespace}/{plan.PodName} belongs to run {other}, not to {plan.RunId}"
                    : $"Pod {plan.Namespace}/{plan.PodName} was not made by this program, and run {plan.RunId} needs that name"),
            // Deleted between the two questions: the name is free now, or will be.
            Outcome<JsonObject>.Terminal { Code: Refusal.NotFound } => new Outcome<RunReport>.Transient($"Pod {plan.Namespace}/{plan.PodName} vanished while it was looked at"),
            _ => found.Select(Report),
        };
    }

    private static RunReport Report(JsonObject pod) => PodStatus.Read(pod) ?? throw new InvalidOperationException("the server returned a Pod without the run id it was given");

    private static RunSignal? Told(WatchSignal signal) => signal switch
    {
        WatchSignal.Listed listed => new RunSignal.Listed([.. listed.Items.Select(PodStatus.Read).OfType<RunReport>()]),
        WatchSignal.Changed changed => PodStatus.Read(changed.Item) is { } report ? new RunSignal.Changed(report) : null,
        WatchSignal.Removed removed => PodStatus.Read(removed.Item) is { } report ? new RunSignal.Gone(report.RunId, report.Namespace, report.PodName) : null,
        WatchSignal.Interrupted { Refused: true, Reason: var reason } => new RunSignal.Refused(reason),
        // Nothing is known to have changed; when the watch is back it tells what did.
        WatchSignal.Interrupted => null,
        _ => throw new InvalidOperationException($"unknown signal {signal}"),
    };

    private static string? RunIdOf(JsonObject pod) => (string?)pod["metadata"]?["annotations"]?[PodTemplate.RunIdKey];
}
