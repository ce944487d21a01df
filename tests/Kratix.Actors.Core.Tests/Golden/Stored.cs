using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Kratix.Actors.Core.Tests.Golden;

/// <summary>What golden files of events and of states have in common.</summary>
internal static class Stored
{
    /// <summary>Everything that was stored is there after reading and writing; what later versions add has a default.</summary>
    internal static void AssertKept(JsonNode stored, JsonNode? written, string where)
    {
        switch (stored)
        {
            case JsonObject map:
                foreach (var (key, value) in map)
                {
                    Assert.True(written is JsonObject o && o.ContainsKey(key), $"{where}.{key} was stored and is lost");
                    AssertKept(value!, written![key], $"{where}.{key}");
                }

                break;
            case JsonArray list:
                Assert.Equal(list.Count, (written as JsonArray)?.Count);
                for (var i = 0; i < list.Count; i++)
                    AssertKept(list[i]!, written![i], $"{where}[{i}]");
                break;
            default:
                Assert.True(JsonNode.DeepEquals(stored, written), $"{where} was {stored} and is {written}");
                break;
        }
    }

    /// <summary>The stored name. A type that was forgotten in the list of stored names fails here.</summary>
    internal static string NameOf<TRoot>(Type type) =>
        (string)typeof(TRoot).GetCustomAttributes<JsonDerivedTypeAttribute>().Single(a => a.DerivedType == type).TypeDiscriminator!;
}
