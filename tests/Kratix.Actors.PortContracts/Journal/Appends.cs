using System.Text;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.PortContracts.Journal;

/// <summary>Appends with every field filled in, so that a test names only what it is about.</summary>
public static class Appends
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static EntityKey Entity(string id = "redis/default/example", string type = "resource") => new(type, id);

    public static JournalAppend Of(EntityKey entity, long expectedSequence, int shard = 1, long epoch = 1) => new(
        entity, shard, epoch, expectedSequence, "RunStarted", Bytes($$"""{"run":"r{{expectedSequence + 1}}"}"""), Bytes($$"""{"events":{{expectedSequence + 1}}}"""),
        new EntityIndex("Running", "spec-1", "status-1", null), "spec changed", "alice", "node-a", Noon.AddSeconds(expectedSequence));

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static async Task<List<T>> All<T>(this IAsyncEnumerable<T> items)
    {
        var all = new List<T>();
        await foreach (var item in items)
            all.Add(item);
        return all;
    }
}
