using System.CommandLine;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.GitOps;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.StateStores;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>gitops DESTINATION</c>: does for one Destination what Flux or Argo CD would: applies what is written for it.</summary>
internal static class GitOpsCommand
{
    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var destination = new Argument<string>("DESTINATION") { Description = "The Destination whose files are applied." };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Where the platform is (else KUBECONFIG, else ~/.kube/config).", HelpName = "FILE" };
        var target = new Option<string?>("--target-kubeconfig") { Description = "Where to apply; without it, in the platform itself.", HelpName = "FILE" };
        var interval = new Option<int>("--interval") { Description = "Seconds between two looks at the state store.", DefaultValueFactory = _ => 5, HelpName = "SECONDS" };
        interval.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var seconds) || seconds < 1))
                result.AddError($"--interval is '{token.Value}'; write whole seconds, at least 1");
        });
        var once = new Option<bool>("--once") { Description = "Look once; the exit code says whether everything was applied." };
        var command = new TaughtCommand(
            "gitops", "Apply what the state store holds for a Destination, as a GitOps agent does: dependencies, then resources; what is gone is deleted.",
            """
            kratix-actors gitops platform                                   the platform is its own Destination
            kratix-actors gitops worker-1 --target-kubeconfig worker.yaml   apply in another cluster
            kratix-actors gitops platform --once                            one pass, for scripts
            """) { destination, kubeconfig, target, interval, once };
        options.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            var settings = options.Load(parsed, environment).Settings;
            // A folder of its own: the platform and other agents keep caches of the same repositories.
            var cache = Directory.CreateTempSubdirectory("kratix-actors-gitops-");
            try
            {
                var here = KubernetesAccess.Find(parsed.GetValue(kubeconfig), null, environment);
                var there = parsed.GetValue(target) is { } file ? KubeConfig.Load(file) : here;
                using var platform = new KubernetesClient(here, new KubernetesClientOptions(), TimeProvider.System);
                using var cluster = new KubernetesClient(there, new KubernetesClientOptions { FieldManager = "kratix-actors-gitops" }, TimeProvider.System);
                var name = parsed.GetValue(destination)!;
                var sources = new StateStoreSources(StoreOptionsFrom.Git(settings.Git, cache.FullName, TimeProvider.System), StoreOptionsFrom.Bucket(settings.Bucket));
                using var source = new DestinationSource(platform, name, sources);
                // A mistyped name, or a store without an address, is said at once and does not wait for somebody to mend it.
                if (await source.Open(stop) is { Failure: { } failure } refused)
                    throw new CommandException(refused is Outcome<Nothing>.Terminal { Code: Refusal.NotFound } ? ExitCode.NotFound : ExitCode.Failure, failure);
                var agent = new Agent(source, cluster, new Inventory(cluster, $"gitops-{name}"), TimeProvider.System);
                return await Repeat(agent, parsed.GetValue(once) ? null : TimeSpan.FromSeconds(parsed.GetValue(interval)), terminal, stop);
            }
            catch (KubeConfigException e)
            {
                throw new CommandException(ExitCode.Usage, e.Message);
            }
            finally
            {
                cache.Delete(recursive: true);
            }
        });
        return command;
    }

    /// <summary>Says something whenever something has changed, and keeps quiet otherwise.</summary>
    private static async Task<int> Repeat(Agent agent, TimeSpan? interval, Terminal terminal, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval ?? TimeSpan.FromSeconds(1), TimeProvider.System);
        var said = "";
        try
        {
            while (true)
            {
                var outcome = await agent.Run(stop);
                var (fine, words) = outcome is Outcome<Pass>.Done { Value: var pass } ? (pass.Problems.Count == 0, Words(pass)) : (false, outcome.Failure!);
                if (words != said)
                    await (fine ? terminal.Out : terminal.Error).WriteLineAsync(said = words);
                if (interval is null)
                    return fine ? ExitCode.Ok : ExitCode.Failure;
                await timer.WaitForNextTickAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    private static string Words(Pass pass)
    {
        var revision = pass.Revision is { } id ? $"revision {id[..10]}" : "an empty state store";
        return pass.Problems.Count > 0
            ? $"{revision}: {pass.Applied} objects applied, then stopped:{string.Concat(pass.Problems.Select(p => $"\n  {p}"))}"
            : $"{revision}: {pass.Applied} objects applied{string.Concat(pass.Pruned.Select(o => $"\n  deleted {o}"))}";
    }
}
