using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// The ServiceAccount that a Promise's Pipelines run as, in each namespace they run in. Operators bind roles to it by name, so it has one name for
/// all Pipelines of the Promise, and the one in <c>default</c> is there from the moment the Promise is installed.
/// </summary>
public sealed class PipelineAccounts(IKubernetes kubernetes)
{
    private readonly ConcurrentDictionary<string, bool> _made = new(StringComparer.Ordinal);

    public static string NameFor(string promise) => $"{promise}-default-promise-pipeline";

    internal void Forget(string promise, string ns) => _made.TryRemove($"{ns}/{promise}", out _);

    /// <summary>Makes the account unless it is there. One that somebody else made is left as it is.</summary>
    public async Task<Outcome<Nothing>> Ensure(string promise, string ns, CancellationToken cancellation)
    {
        var key = $"{ns}/{promise}";
        if (_made.ContainsKey(key))
            return new Outcome<Nothing>.Done(default);
        var account = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ServiceAccount",
            ["metadata"] = new JsonObject { ["name"] = NameFor(promise), ["namespace"] = ns, ["labels"] = new JsonObject { [Marks.PromiseName] = promise } },
        };
        var outcome = await kubernetes.Create(Kinds.ServiceAccount, ns, account, cancellation);
        if (outcome is Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists })
        {
            _made[key] = true;
            return new Outcome<Nothing>.Done(default);
        }

        return outcome.Select(_ => default(Nothing));
    }
}
