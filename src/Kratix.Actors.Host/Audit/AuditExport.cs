using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>Events as CloudEvents 1.0 in JSON, one a line: what collectors and archives read without knowing this program.</summary>
internal static class AuditExport
{
    /// <summary>Oldest first. Written as it is read, so a journal of any length takes no memory.</summary>
    internal static async Task Write(IJournal journal, EntityKey? entity, TextWriter lines, CancellationToken cancellation)
    {
        await foreach (var happened in journal.Events(entity, 0, cancellation))
            await lines.WriteLineAsync(CloudEvent(happened).ToJsonString());
    }

    /// <summary>
    /// <c>id</c> is the event's position in the journal; the extension attributes carry what the hash is over, so that the chain can be
    /// checked from the export alone.
    /// </summary>
    internal static JsonObject CloudEvent(JournalEvent happened) => new()
    {
        ["specversion"] = "1.0",
        ["id"] = happened.Position.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["source"] = $"/kratix-actors/{Uri.EscapeDataString(happened.Node)}",
        ["type"] = $"io.kratix.actors.{happened.Entity.Type}.{happened.Type}",
        ["subject"] = happened.Entity.ToString(),
        ["time"] = happened.Time.UtcDateTime.ToString("O"),
        ["datacontenttype"] = "application/json",
        ["sequence"] = happened.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["actor"] = happened.Actor,
        ["cause"] = happened.Cause,
        ["epoch"] = happened.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["hash"] = happened.Hash,
        ["previoushash"] = happened.PreviousHash,
        ["data"] = Payload(happened),
    };

    internal static JsonNode? Payload(JournalEvent happened)
    {
        try
        {
            return JsonNode.Parse(happened.Payload.Span);
        }
        catch (JsonException)
        {
            // Damaged: here are its bytes.
            return Convert.ToBase64String(happened.Payload.Span);
        }
    }
}
