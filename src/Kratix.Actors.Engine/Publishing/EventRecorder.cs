using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>Hands an Event to the API server. Best effort, as Events are everywhere: one that is lost is logged, and that is all.</summary>
internal static partial class EventRecorder
{
    /// <param name="body">Of <see cref="EventBody"/>. One that has a name of its own may be there already, and is not told again.</param>
    internal static async Task Record(World world, JsonObject body)
    {
        try
        {
            var told = await world.Kubernetes.Create(Kinds.Event, body.Namespace(), body, CancellationToken.None);
            if (told is not Outcome<JsonObject>.Terminal { Code: Refusal.AlreadyExists } && told.Failure is { } failure)
                LogLost(world.Log, body["reason"]!.ToString(), failure);
        }
        catch (Exception cause)
        {
            LogLost(world.Log, body["reason"]!.ToString(), cause.Message);
        }
    }

    [LoggerMessage(2002, LogLevel.Information, "The event {Reason} was not recorded: {Failure}")]
    private static partial void LogLost(ILogger logger, string reason, string failure);
}
