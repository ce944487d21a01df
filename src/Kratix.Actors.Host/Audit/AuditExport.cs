using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>Events as CloudEvents 1.0 in JSON, one a line: what collectors and archives read without knowing this program.</summary>
internal static class AuditExport
{
    /// <summary>Oldest first. Written as it is read, so a journal of any length takes no memory.</summary>
    internal static async Task Write(IJournal journal, EntityKey? entity, TextWriter lines, CancellationToken cancellation)
    {
        var line = new ArrayBufferWriter<byte>();
        await foreach (var happened in journal.Events(entity, 0, cancellation))
        {
            line.ResetWrittenCount();
            await using (var json = new Utf8JsonWriter(line))
                Write(json, happened);
            await lines.WriteLineAsync(Encoding.UTF8.GetString(line.WrittenSpan));
        }
    }

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

    /// <summary>
    /// <c>id</c> is the event's position in the journal; the extension attributes and <c>data</c>, which is the stored payload byte for byte, are what the hash is
    /// over (<see cref="EventHash"/>), so that the chain can be checked from the export alone.
    /// </summary>
    private static void Write(Utf8JsonWriter json, JournalEvent happened)
    {
        var isLine = IsLineOfJson(happened.Payload.Span);
        json.WriteStartObject();
        json.WriteString("specversion", "1.0");
        json.WriteString("id", Number(happened.Position));
        json.WriteString("source", $"/kratix-actors/{Uri.EscapeDataString(happened.Node)}");
        json.WriteString("type", $"io.kratix.actors.{happened.Entity.Type}.{happened.Type}");
        json.WriteString("subject", happened.Entity.ToString());
        json.WriteString("time", happened.Time.UtcDateTime.ToString("O"));
        json.WriteString("datacontenttype", isLine ? "application/json" : "application/octet-stream");
        json.WriteString("sequence", Number(happened.Sequence));
        json.WriteString("actor", happened.Actor);
        json.WriteString("cause", happened.Cause);
        json.WriteString("epoch", Number(happened.Epoch));
        json.WriteString("hash", happened.Hash);
        json.WriteString("previoushash", happened.PreviousHash);
        if (isLine)
        {
            json.WritePropertyName("data");
            json.WriteRawValue(happened.Payload.Span, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("data_base64", happened.Payload.Span);
        }

        json.WriteEndObject();
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool IsLineOfJson(ReadOnlySpan<byte> payload)
    {
        if (payload.ContainsAny((byte)'\r', (byte)'\n') || !Utf8.IsValid(payload))
            return false;
        try
        {
            var reader = new Utf8JsonReader(payload);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
