using System.CommandLine;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Kubernetes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Host.Commands;

/// <summary>
/// <c>reschedule OBJECT</c>: has an object's misplaced files, or all of them, placed as new files would be. The engine does it, asked by an annotation of the
/// WorkPlacements; what it did is told by the Event that it leaves.
/// </summary>
internal static class RescheduleCommand
{
    private const string Reason = "Rescheduled";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var subject = new Argument<string>("OBJECT") { Description = "PROMISE/NAMESPACE/NAME of a request, or the name of a Promise." };
        var all = new Option<bool>("--all") { Description = "Also what is where it should be: it goes where the rule sends it now, which may be where it is." };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Where the platform is (else KUBECONFIG, else ~/.kube/config).", HelpName = "FILE" };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait for the platform.", DefaultValueFactory = _ => 60, HelpName = "SECONDS" };
        var command = new TaughtCommand(
            "reschedule", "Place misplaced files of a request or Promise anew: they are written where they belong now, and taken back where they were.",
            """
            kratix-actors reschedule redis/default/example         what is misplaced of one request
            kratix-actors reschedule redis/default/example --all   all of it, by the rule for new requests
            kratix-actors reschedule redis                         a Promise's dependencies and workflow output
            """) { subject, all, kubeconfig, timeout };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                using var platform = new KubernetesClient(KubernetesAccess.Find(parsed.GetValue(kubeconfig), null, environment), new KubernetesClientOptions(), TimeProvider.System);
                return await Run(platform, parsed.GetValue(subject)!, parsed.GetValue(all), TimeSpan.FromSeconds(parsed.GetValue(timeout)), terminal, stop);
            }
            catch (KubeConfigException e)
            {
                throw new CommandException(ExitCode.Usage, e.Message);
            }
        });
        return command;
    }

    private static async Task<int> Run(KubernetesClient platform, string subject, bool all, TimeSpan timeout, Terminal terminal, CancellationToken stop)
    {
        var (ns, selector) = subject.Split('/') switch
        {
            [{ Length: > 0 } promise] => (Kinds.SystemNamespace, $"{Marks.PromiseName}={promise},!{Marks.ResourceName}"),
            [{ Length: > 0 } promise, { Length: > 0 } space, { Length: > 0 } name] => (space, $"{Marks.PromiseName}={promise},{Marks.ResourceName}={name}"),
            _ => throw new CommandException(ExitCode.Usage, $"'{subject}' does not name an object; write PROMISE/NAMESPACE/NAME for a request, or the name of a Promise"),
        };
        var placements = Found(await platform.List(Kinds.WorkPlacement, ns, selector, stop), "WorkPlacements");
        if (placements.Count == 0)
            throw new CommandException(ExitCode.NotFound, $"{subject} has no WorkPlacements in namespace {ns}; nothing of it is written anywhere");
        var chosen = placements.Where(p => all || p["metadata"]?["labels"]?[Marks.Misplaced]?.ToString() == "true").Select(NameOf).ToHashSet(StringComparer.Ordinal);
        if (chosen.Count == 0)
        {
            await terminal.Out.WriteLineAsync($"nothing of {subject} is misplaced; --all has all of it scheduled anew");
            return ExitCode.Ok;
        }

        var known = (await Events(platform, stop)).Select(NameOf).ToHashSet(StringComparer.Ordinal);
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Marks.Reschedule] = "true" } } };
        foreach (var name in chosen)
        {
            if ((await platform.Patch(Kinds.WorkPlacement, ns, name, PatchKind.Merge, patch, null, stop)).Failure is { } failure)
                throw new CommandException(ExitCode.Failure, $"WorkPlacement {ns}/{name} could not be annotated: {failure}");
        }

        using var timer = new PeriodicTimer(LookEvery, TimeProvider.System);
        for (var waited = TimeSpan.Zero; waited < timeout; waited += LookEvery)
        {
            await timer.WaitForNextTickAsync(stop);
            foreach (var happened in (await Events(platform, stop)).Where(e => known.Add(NameOf(e))))
            {
                foreach (var move in happened["message"]!.ToString().Split("; ").Where(m => chosen.Remove(m.Split(' ')[0])))
                    await terminal.Out.WriteLineAsync(move);
            }

            if (chosen.Count == 0)
                return ExitCode.Ok;
        }

        throw new CommandException(ExitCode.Failure, $"the platform has not said within {timeout.TotalSeconds:0} s what became of {string.Join(", ", chosen)}; is it running?");
    }

    private static async Task<IReadOnlyList<JsonObject>> Events(KubernetesClient platform, CancellationToken stop) =>
        [.. Found(await platform.List(Kinds.Event, null, null, stop), "Events").Where(e => e["reason"]?.ToString() == Reason)];

    private static string NameOf(JsonObject item) => item["metadata"]!["name"]!.ToString();

    private static IReadOnlyList<JsonObject> Found(Outcome<IReadOnlyList<JsonObject>> listed, string what) => listed is Outcome<IReadOnlyList<JsonObject>>.Done { Value: var items }
        ? items
        : throw new CommandException(ExitCode.Failure, $"{what} cannot be listed: {listed.Failure}");
}
