using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Host.Tests.Audit;

/// <summary>An export is all that somebody has years later: it follows the CloudEvents specification, and proves itself.</summary>
public sealed partial class AuditExportTests : HistoryTests
{
    [Fact, Conformance("K29", "`audit export` writes CloudEvents 1.0, one JSON object a line, valid by the specification's rules for attributes.")]
    public async Task Each_line_is_a_valid_CloudEvent()
    {
        var events = await Exported();

        Assert.Equal(6, events.Count);
        Assert.All(events, e =>
        {
            Assert.Equal("1.0", e.GetProperty("specversion").GetString());
            foreach (var required in new[] { "id", "source", "type" })
                Assert.NotEqual("", e.GetProperty(required).GetString());
            Assert.NotEqual("", e.GetProperty("subject").GetString());
            Assert.True(Uri.TryCreate(e.GetProperty("source").GetString(), UriKind.Relative, out _));
            Assert.True(DateTimeOffset.TryParseExact(
                e.GetProperty("time").GetString(), "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _));
            Assert.All(e.EnumerateObject().Where(p => p.Name != "data"), attribute =>
            {
                Assert.Matches(AttributeName(), attribute.Name);
                Assert.Equal(JsonValueKind.String, attribute.Value.ValueKind);
                Assert.DoesNotContain(attribute.Value.GetString()!, char.IsControl);
            });
        });
        Assert.Equal(6, events.Select(e => (e.GetProperty("source").GetString(), e.GetProperty("id").GetString())).Distinct().Count());
    }

    [Fact, Conformance("K29", "The hash chain can be checked from an export alone.")]
    public async Task Hashes_follow_from_the_lines_alone()
    {
        // As another version may have spelled it: blanks, and letters that this one would escape.
        History.Meddle("UPDATE events SET payload = CAST('{ \"type\":\"retry-started\", \"at\":\"2026-11-22T21:00:00+01:00\", \"ü\":1.0 }' AS BLOB) WHERE sequence = 3");
        await History.HashAnew(sequence: 3);

        foreach (var line in await Exported())
            Assert.Equal(line.GetProperty("hash").GetString(), EventHash.Of(EventOf(line)));
    }

    [Theory]
    [InlineData("x'00ff'")]
    [InlineData("CAST('{' || char(10) || '}' AS BLOB)")]
    public async Task Payload_that_is_no_line_of_JSON_is_exported_as_its_bytes(string payload)
    {
        History.Meddle($"UPDATE events SET payload = {payload} WHERE sequence = 3");
        await History.HashAnew(sequence: 3);

        var line = (await Exported()).Single(e => e.GetProperty("sequence").GetString() == "3");

        Assert.False(line.TryGetProperty("data", out _));
        Assert.Equal("application/octet-stream", line.GetProperty("datacontenttype").GetString());
        Assert.Equal(line.GetProperty("hash").GetString(), EventHash.Of(EventOf(line)));
    }

    private static JournalEvent EventOf(JsonElement line)
    {
        string Text(string attribute) => line.GetProperty(attribute).GetString()!;
        long Number(string attribute) => long.Parse(Text(attribute), CultureInfo.InvariantCulture);
        var subject = Text("subject").Split('/', 2);
        return new JournalEvent(
            Number("id"), new EntityKey(subject[0], subject[1]), Number("sequence"), DateTimeOffset.Parse(Text("time"), CultureInfo.InvariantCulture),
            Text("type")[$"io.kratix.actors.{subject[0]}.".Length..],
            line.TryGetProperty("data", out var data) ? Encoding.UTF8.GetBytes(data.GetRawText()) : line.GetProperty("data_base64").GetBytesFromBase64(),
            Text("cause"), Text("actor"), Uri.UnescapeDataString(Text("source")["/kratix-actors/".Length..]), Number("epoch"), Text("previoushash"), Text("hash"));
    }

    private async Task<IReadOnlyList<JsonElement>> Exported() =>
        [.. (await Run("audit", "export")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    [GeneratedRegex("^[a-z0-9]{1,20}$")]
    private static partial Regex AttributeName();
}
