using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Promises;
using Kratix.Actors.Engine.Tests.Support;

namespace Kratix.Actors.Engine.Tests.Promises;

public sealed class ApiPreparationTests
{
    [Fact]
    public void Every_version_gets_a_status_subresource_and_schema()
    {
        var api = Samples.Api();
        api["spec"]!["versions"]!.AsArray().Add(JsonNode.Parse(
            """{"name":"v2","schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"},"status":{"type":"string"}}}},"subresources":{"scale":{"a":1}}}"""));
        var versions = ApiPreparation.Prepare(api, "redis")["spec"]!["versions"]!.AsArray();

        Assert.All(versions, v => Assert.NotNull(v!["subresources"]!["status"]));
        Assert.All(versions, v => Assert.Equal("object", Properties(v)["status"]!["type"]!.ToString()));
        Assert.Equal(1, versions[1]!["subresources"]!["scale"]!["a"]!.GetValue<int>());
        Assert.Equal("object", Properties(versions[1])["spec"]!["type"]!.ToString());
    }

    [Fact]
    public void Columns_are_added_only_where_there_are_none()
    {
        var own = Samples.Api();
        own["spec"]!["versions"]![0]!["additionalPrinterColumns"] = JsonNode.Parse("""[{"name":"size","type":"string","jsonPath":".spec.size"}]""");

        Assert.Equal(["size"], Columns(own));
        Assert.Equal(["message", "status", "destination", "commit"], Columns(Samples.Api()));
    }

    [Fact]
    public void Names_end_at_63_characters_and_other_rules_of_metadata_stay()
    {
        var api = Samples.Api();
        api["spec"]!["versions"]![0]!["schema"] = JsonNode.Parse(
            """{"openAPIV3Schema":{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","pattern":"^a"}}}}}}""");
        var name = Properties(ApiPreparation.Prepare(api, "redis")["spec"]!["versions"]![0])["metadata"]!["properties"]!["name"]!;

        Assert.Equal(63, name["maxLength"]!.GetValue<int>());
        Assert.Equal("^a", name["pattern"]!.ToString());
    }

    [Fact]
    public void Label_names_the_Promise_beside_the_users_own_and_what_was_given_is_not_changed()
    {
        var api = Samples.Api();
        api["metadata"]!["labels"] = new JsonObject { ["team"] = "blue" };
        var before = api.ToJsonString();
        var labels = ApiPreparation.Prepare(api, "redis")["metadata"]!["labels"]!;

        Assert.Equal(("blue", "redis"), (labels["team"]!.ToString(), labels[Marks.PromiseName]!.ToString()));
        Assert.Equal(before, api.ToJsonString());
    }

    private static JsonNode Properties(JsonNode? version) => version!["schema"]!["openAPIV3Schema"]!["properties"]!;

    private static IEnumerable<string> Columns(JsonObject api) =>
        ApiPreparation.Prepare(api, "redis")["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray().Select(c => c!["name"]!.ToString());
}
