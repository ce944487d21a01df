using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Journal.Tests;

public sealed class HashTests
{
    private static readonly JournalEvent Sample = new(
        1, new EntityKey("resource", "redis/default/example"), 2, Appends.Noon, "RunStarted", Appends.Bytes("""{"run":"r1"}"""),
        "spec changed", "alice", "node-a", 3, new string('a', 64), "");

    /// <summary>The expected value was computed by another program from the description of the encoding.</summary>
    [Fact]
    public void EventHash_of_a_known_event_never_changes()
    {
        Assert.Equal("771249318e23529a39a3e9a6dcf7f12c545df2e3b6f9ff0d88895b4a1c8b0b90", EventHash.Of(Sample));
    }

    [Fact]
    public void EventHash_differs_for_every_field_and_for_text_moved_between_fields()
    {
        JournalEvent[] variants =
        [
            Sample, Sample with { Entity = new EntityKey("resourc", "eredis/default/example") }, Sample with { Sequence = 3 },
            Sample with { Time = Sample.Time.AddTicks(1) }, Sample with { Type = "RunEnded" }, Sample with { Payload = Appends.Bytes("{}") },
            Sample with { Cause = "spec changedalice", Actor = "" }, Sample with { Actor = "alicenode-a", Node = "" }, Sample with { Node = "node-b" },
            Sample with { Epoch = 4 }, Sample with { PreviousHash = "" }, Sample with { Cause = new string('x', 5000) }, Sample with { Payload = new byte[5000] },
        ];

        Assert.Equal(variants.Length, variants.Select(EventHash.Of).Distinct().Count());
    }

    /// <summary>The buffer that collects short fields must not show in the hash: any split of the same bytes gives the same one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FieldHasher_gives_the_same_hash_with_any_buffer(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var texts = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new string((char)random.Next('a', 'ü'), random.Next(0, 400))).ToList();
            Assert.True(Hash(texts, 64) == Hash(texts, 1024) && Hash(texts, 64) == Hash(texts, 100_000), $"seed {seed}, round {round}");
        }
    }

    private static string Hash(List<string> texts, int buffer)
    {
        var fields = new FieldHasher(new byte[buffer]);
        foreach (var text in texts)
        {
            fields.Text(text);
            fields.Bytes(Appends.Bytes(text));
            fields.Number(text.Length);
        }

        var hash = new byte[FieldHasher.Size];
        fields.Finish(hash);
        return Convert.ToHexStringLower(hash);
    }
}
