using System.Text.Json.Nodes;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine.Persistence;

namespace Kratix.Actors.Engine.Tests.Persistence;

/// <summary>The journals of users are full of version 1: what the golden files say is what this codec reads and writes.</summary>
public sealed class CodecTests
{
    public static TheoryData<string> Events() => Files("events-v1");

    public static TheoryData<string> States() => Files("states-v1");

    [Theory]
    [MemberData(nameof(Events))]
    public void Stored_event_of_version_1_is_read_and_written_as_it_is(string file) => Verify<PromiseEvent, ResourceEvent>("events-v1", file);

    [Theory]
    [MemberData(nameof(States))]
    public void Stored_state_of_version_1_is_read_and_written_as_it_is(string file) => Verify<PromiseState, ResourceState>("states-v1", file);

    private static TheoryData<string> Files(string kind) =>
        [.. Directory.EnumerateFiles(Path.Combine(Golden, kind), "*.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Path.Combine(Golden, kind), f)).Order(StringComparer.Ordinal)];

    private static void Verify<TPromise, TResource>(string kind, string file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Golden, kind, file));
        var again = file.StartsWith("promise", StringComparison.Ordinal) ? Codec.Write(Codec.Read<TPromise>(bytes)) : Codec.Write(Codec.Read<TResource>(bytes));

        Assert.True(JsonNode.DeepEquals(Without(JsonNode.Parse(bytes)), Without(JsonNode.Parse(again))), $"{file} became {System.Text.Encoding.UTF8.GetString(again)}");
    }

    /// <summary>Null and missing are one; and what was added since has its default.</summary>
    private static JsonNode? Without(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var key in map.Where(kv => kv.Value is null).Select(kv => kv.Key).ToList())
                    map.Remove(key);
                foreach (var (_, value) in map)
                    Without(value);
                map.Remove("intervalJitter");
                break;
            case JsonArray list:
                foreach (var item in list)
                    Without(item);
                break;
            default:
                break;
        }

        return node;
    }

    private static string Golden
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
                folder = folder.Parent ?? throw new InvalidOperationException("the repository's root was not found above the tests");
            return Path.Combine(folder.FullName, "tests", "Kratix.Actors.Core.Tests", "Golden");
        }
    }
}
