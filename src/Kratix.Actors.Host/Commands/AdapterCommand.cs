using System.CommandLine;
using Kratix.Actors.Kubernetes;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>pipeline-adapter</c>: what the built-in containers of a run's Pod do on a cluster. People never type it, so help does not list it.</summary>
internal static class AdapterCommand
{
    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var action = new Argument<string>("action") { Description = "read: fetch the run's object. write: hand in what it left behind. write-last: the same, when the other containers have ended." };
        action.AcceptOnlyFromAmong("read", "write", "write-last");
        var adapter = new TaughtCommand("pipeline-adapter", "Exchange a run's object and output with the engine.", "kratix-actors pipeline-adapter read") { Hidden = true };
        adapter.Arguments.Add(action);
        adapter.SetAction(async (parsed, stop) =>
        {
            // A redirect would carry the run's token to wherever it points.
            using var handler = new HttpClientHandler { AllowAutoRedirect = false };
            using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
            return await PipelineAdapter.Run(
                [parsed.GetRequiredValue(action)], environment, AdapterFolders.InPod, terminal.Error.WriteLine, http, TimeProvider.System, stop);
        });
        return adapter;
    }
}
