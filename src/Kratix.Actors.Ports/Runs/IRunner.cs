using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Ports.Runs;

/// <summary>
/// Everything needed to run one entry of a workflow once. <paramref name="RunId"/> is deterministic, and so is <paramref name="PodName"/>: starting the same plan
/// twice adopts what is there. <paramref name="Containers"/>, <paramref name="Volumes"/> are the Pipeline's own, as Kubernetes JSON
/// (containers already carry the <c>KRATIX_*</c> environment before the user's). <paramref name="PodSpec"/> holds further Pod fields
/// (serviceAccountName, nodeSelector, tolerations, imagePullSecrets, activeDeadlineSeconds, restartPolicy), null for none.
/// <paramref name="Owner"/> is an ownerReference or null. <paramref name="ExchangeUrl"/> is where reader and writer fetch the object and hand in the output,
/// with <paramref name="ExchangeToken"/>, which is good for this run only.
/// </summary>
public sealed record RunPlan(
    string RunId, string Namespace, string PodName, ImmutableSortedDictionary<string, string> Labels, ImmutableSortedDictionary<string, string> Annotations,
    JsonArray Containers, JsonArray Volumes, JsonObject? PodSpec, JsonObject? Owner, JsonArray BuiltInEnv, string ExchangeUrl, string ExchangeToken)
{
    /// <summary>Containers that run all at once when <see cref="Containers"/> have ended, which run one after the other.</summary>
    public JsonArray SideBySide { get; init; } = [];

    /// <summary>Files that steps may leave in <see cref="ResultsFolder"/>; empty: there is no such directory.</summary>
    public ImmutableArray<string> ResultFiles { get; init; } = [];

    /// <summary>Steps that are ended after this time, by name.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> Timeouts { get; init; } = ImmutableSortedDictionary<string, TimeSpan>.Empty;

    /// <summary>The annotation of a run's Pod that holds its run id.</summary>
    public const string RunIdAnnotation = "kratix.io/run-id";

    /// <summary>Where a Task's results lie in its containers.</summary>
    public const string ResultsFolder = "/tekton/results";

    /// <summary>How a step ends that reached its limit, as <c>timeout(1)</c> does.</summary>
    public const int TimedOut = 124;
}

public enum RunPhase
{
    Pending,
    Running,
    Succeeded,
    Failed,
}

/// <summary>What is known of a run: its Pod's phase and its user containers in order (built-in containers are left out unless they failed).</summary>
public sealed record RunReport(string RunId, string Namespace, string PodName, RunPhase Phase, ImmutableArray<StepReport> Steps, string? Reason)
{
    /// <summary>
    /// How often its containers, built-in ones included, were started again in place. A step that has failed while the run has not waits to be.
    /// </summary>
    public int Restarts { get; init; }

    /// <summary>Its Pod starts containers that fail again in place.</summary>
    public bool RestartsInPlace { get; init; }
}

/// <summary>Told while watching runs. <see cref="Gone"/>: the Pod is no longer there.</summary>
public abstract record RunSignal
{
    private RunSignal() { }

    public sealed record Changed(RunReport Report) : RunSignal;

    public sealed record Gone(string RunId, string Namespace, string PodName) : RunSignal;

    /// <summary>All runs there are; a run that is not among them is gone.</summary>
    public sealed record Listed(IReadOnlyList<RunReport> Reports) : RunSignal;

    /// <summary>Runs may not be looked at; that is tried again.</summary>
    public sealed record Refused(string Reason) : RunSignal;
}

/// <summary>One Pod per run, created or adopted by its deterministic name.</summary>
public interface IRunner
{
    Task<Outcome<RunReport>> CreateOrAdopt(RunPlan plan, CancellationToken cancellation);

    /// <summary>Done also when the Pod is not there.</summary>
    Task<Outcome<Nothing>> Remove(string ns, string podName, CancellationToken cancellation);

    /// <summary>Reports of all runs, now and as they change; ends only with its token.</summary>
    IAsyncEnumerable<RunSignal> Observe(CancellationToken cancellation);
}

/// <summary>
/// What a run's built-in containers talk to, over HTTP: <c>GET {url}/object.yaml</c>, <c>GET {url}/turn</c> and <c>PUT {url}/output</c> with a tar of the
/// directories <c>output/</c>, <c>metadata/</c> and <c>results/</c>, all with <c>Authorization: Bearer TOKEN</c>.
/// </summary>
public interface IRunExchange
{
    /// <summary>The object the run works on, as YAML. NotFound until the engine has (again) taken up the run: ask again.</summary>
    Task<Outcome<ReadOnlyMemory<byte>>> Object(string runId, string token, CancellationToken cancellation);

    /// <summary>
    /// Completes when the containers beside the writer have ended. Terminal when one of them failed, or the run has none: then nothing is to be handed in.
    /// NotFound until the engine has (again) taken up the run: ask again.
    /// </summary>
    Task<Outcome<Nothing>> Turn(string runId, string token, CancellationToken cancellation);

    /// <summary>Durable when done. A refusal of the content (a link, too large, not YAML …) is recorded as the run's failure and is also <c>Done</c>.</summary>
    Task<Outcome<Nothing>> Submit(string runId, string token, Stream tar, CancellationToken cancellation);
}
