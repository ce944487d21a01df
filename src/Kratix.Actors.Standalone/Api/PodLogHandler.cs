using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;

namespace Kratix.Actors.Standalone.Api;

/// <summary><c>GET pods/NAME/log</c>: chooses the container as kubectl expects and passes the node's stream on.</summary>
internal sealed class PodLogHandler(ObjectStore store, IPodLogs? logs)
{
    public async Task Read(ApiRequest request)
    {
        var pod = store.Get(BuiltIn.Pods.Key(request.Namespace ?? "", request.Name))?.Parse();
        // The log of a Pod that is gone can be had for a while; nobody but the asker knows its containers any more.
        var container = pod is not null ? Container(request, pod) : request.Query("container") is { Length: > 0 } named ? named : throw ApiException.NotFound(BuiltIn.Pods, request.Name);
        if (logs is null) throw ApiException.BadRequest($"container \"{container}\" in pod \"{request.Name}\" has no log: this server runs without a node");
        var query = new PodLogQuery(
            request.Namespace ?? "", request.Name, container, request.QueryIsTrue("follow"), request.QueryNumber("tailLines"), request.QueryIsTrue("timestamps"),
            request.QueryIsTrue("previous"), request.QueryNumber("sinceSeconds"), request.QueryNumber("limitBytes"));
        await using var stream = await logs.Open(query, request.Aborted)
            ?? throw (pod is null ? ApiException.NotFound(BuiltIn.Pods, request.Name) : ApiException.BadRequest(
                query.Previous
                    ? $"previous terminated container \"{container}\" in pod \"{request.Name}\" not found"
                    : $"container \"{container}\" in pod \"{request.Name}\" is waiting to start: {Waiting(pod, container)}"));
        var response = request.Http.Response;
        response.ContentType = "text/plain";
        await response.StartAsync(request.Aborted);
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, request.Aborted)) > 0)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, read), request.Aborted);
            await response.Body.FlushAsync(request.Aborted);
        }
    }

    private static string Container(ApiRequest request, JsonObject pod)
    {
        string[] Of(string list) => pod.At("spec", list) is JsonArray a ? [.. a.OfType<JsonObject>().Select(c => c.Text("name"))] : [];
        var (init, main) = (Of("initContainers"), Of("containers"));
        if (request.Query("container") is { Length: > 0 } named)
            return init.Contains(named) || main.Contains(named) ? named : throw ApiException.BadRequest($"container {named} is not valid for pod {request.Name}");
        if (main.Length == 1) return main[0];
        var inits = init.Length > 0 ? $" or one of the init containers: [{string.Join(' ', init)}]" : "";
        throw ApiException.BadRequest(string.Create(CultureInfo.InvariantCulture, $"a container name must be specified for pod {request.Name}, choose one of: [{string.Join(' ', main)}]{inits}"));
    }

    private static string Waiting(JsonObject pod, string container)
    {
        var statuses = ((string[])["initContainerStatuses", "containerStatuses"]).SelectMany(n => pod.At("status", n) is JsonArray a ? a.OfType<JsonObject>() : []);
        var reason = statuses.FirstOrDefault(s => s.Text("name") == container).At("state", "waiting", "reason").AsText();
        return reason.Length > 0 ? reason : "ContainerCreating";
    }
}
