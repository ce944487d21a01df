using System.Globalization;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Admission;

/// <summary>A Promise is somebody else's text. Whatever it says, it is refused with a reason, or everything that is made of it later can be made.</summary>
public sealed class AdmissionFuzzTests
{
    private static readonly string[] Values =
        ["null", "0", "-1", "1.5", "1e99", "true", "\"\"", "\"text\"", "\"a/b\"", "\"\\u0000\"", "[]", "[null]", "[[]]", "[1]", "{}", "{\"a\": null}", "{\"name\": {}}", "{\"matchLabels\": {\"a\": []}}"];

    [Fact]
    public void No_promise_document_brings_the_reader_down()
    {
        var seeds = int.Parse(Environment.GetEnvironmentVariable("FUZZ_SEEDS") ?? "5000", CultureInfo.InvariantCulture);
        var passed = 0;
        for (var seed = 0; seed < seeds; seed++)
        {
            var promise = Mutated(seed);
            var story = $"seed {seed}: {promise.ToJsonString()}";
            try
            {
                if (PromiseRules.Problem(promise, seed % 2 == 0 ? Samples.Promise() : null, Samples.Settings) is not null)
                    continue;
                passed++;
                Use(promise);
            }
            catch (Exception e)
            {
                Assert.Fail($"{story}\n{e}");
            }
        }

        Assert.InRange(passed, seeds / 100, seeds);
    }

    /// <summary>What the engine does with a Promise that it took.</summary>
    private static void Use(JsonObject promise)
    {
        PromiseReader.Read(promise, Samples.Settings);
        if (promise["spec"]!["api"] is JsonObject { Count: > 0 } api)
            ApiPreparation.Prepare(api, "redis");
    }

    private static JsonObject Mutated(int seed)
    {
        var random = new SeededRandom((ulong)seed);
        var promise = Samples.Promise(withDelete: true, interval: "1h");
        promise["spec"]!["destinationSelectors"] = JsonNode.Parse("[{\"matchLabels\": {\"a\": \"b\"}}]");
        promise["spec"]!["dependencies"] = JsonNode.Parse("[{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"n\"}}]");
        promise["spec"]!["requiredPromises"] = JsonNode.Parse("[{\"name\": \"other\", \"version\": \"v1\"}]");
        promise["spec"]!["workflows"]!["resource"]!["configure"]![0]!["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
        promise["spec"]!["workflows"]!["resource"]!["configure"]![0]!["spec"]!["rbac"] = JsonNode.Parse("{\"permissions\": [{\"apiGroups\": [\"\"], \"resources\": [\"secrets\"], \"verbs\": [\"get\"]}]}");
        var count = 1 + random.Next(3);
        for (var i = 0; i < count; i++)
        {
            var places = Places(promise["spec"]!).ToList();
            var (parent, key) = places[random.Next(places.Count)];
            var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
            if (parent is JsonArray list)
            {
                if (random.Next(3) == 0) list.RemoveAt(int.Parse(key, CultureInfo.InvariantCulture));
                else if (random.Next(3) == 0) list.Add(list[0]?.DeepClone());
                else list[int.Parse(key, CultureInfo.InvariantCulture)] = value;
            }
            else if (random.Next(4) == 0) parent.AsObject().Remove(key);
            else if (random.Next(8) == 0) parent.AsObject()["unknown"] = value;
            else parent.AsObject()[key] = value;
        }

        return promise;
    }

    private static IEnumerable<(JsonNode Parent, string Key)> Places(JsonNode node)
    {
        var children = node switch
        {
            JsonObject map => map.Select(kv => (Parent: node, kv.Key, kv.Value)).ToList(),
            JsonArray list => [.. list.Select((value, i) => (Parent: node, Key: i.ToString(CultureInfo.InvariantCulture), Value: value))],
            _ => [],
        };
        foreach (var (parent, key, value) in children)
        {
            yield return (parent, key);
            if (value is null) continue;
            foreach (var deeper in Places(value)) yield return deeper;
        }
    }
}
