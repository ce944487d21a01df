using System.Text.Json.Nodes;

namespace Kratix.Actors.Kubernetes.Tests;

public sealed class CrdFilesTests
{
    [Fact]
    public void All_holds_every_kind_of_the_group()
    {
        var kinds = CrdFiles.All.Select(c => (string?)c["spec"]!["names"]!["kind"]).Order(StringComparer.Ordinal);
        Assert.Equal(
            ["BucketStateStore", "Destination", "DryRun", "GitStateStore", "HealthRecord", "Promise", "PromiseRelease", "PromiseRevision", "ResourceBinding", "Work", "WorkPlacement"],
            kinds);
    }

    [Fact]
    public void Every_definition_is_named_and_served_as_its_url_says()
    {
        foreach (var crd in CrdFiles.All)
        {
            var spec = crd["spec"]!;
            Assert.Equal("apiextensions.k8s.io/v1", (string?)crd["apiVersion"]);
            Assert.Equal("platform.kratix.io", (string?)spec["group"]);
            Assert.Equal($"{spec["names"]!["plural"]}.platform.kratix.io", (string?)crd["metadata"]!["name"]);
            var version = Assert.Single(spec["versions"]!.AsArray())!;
            Assert.Equal("v1alpha1", (string?)version["name"]);
            Assert.True((bool)version["served"]! && (bool)version["storage"]!);
        }
    }

    [Fact]
    public void Every_kind_but_HealthRecord_has_the_category_and_a_status_subresource_unless_it_is_a_read_model()
    {
        foreach (var crd in CrdFiles.All)
        {
            var kind = (string?)crd["spec"]!["names"]!["kind"];
            Assert.Equal(kind is not ("HealthRecord" or "Work" or "WorkPlacement"), crd["spec"]!["versions"]![0]!["subresources"]?["status"] is not null);
            Assert.Equal(kind is not "HealthRecord", crd["spec"]!["names"]!["categories"] is not null);
        }
    }

    [Theory]
    [InlineData("WorkPlacement", "wp,wps")]
    [InlineData("Destination", "dest,dests")]
    [InlineData("Promise", "")]
    public void Short_names_are_those_people_type(string kind, string expected)
    {
        var names = Of(kind)["spec"]!["names"]!["shortNames"] as JsonArray;
        Assert.Equal(expected, string.Join(',', names?.Select(n => (string?)n) ?? []));
    }

    [Fact]
    public void Destination_mode_has_a_default_and_cannot_change()
    {
        var filepath = Of("Destination")["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["filepath"]!;
        Assert.Equal("nestedByMetadata", (string?)filepath["default"]!["mode"]);
        Assert.Equal("self == oldSelf", (string?)filepath["properties"]!["mode"]!["x-kubernetes-validations"]![0]!["rule"]);
    }

    private static JsonObject Of(string kind) => CrdFiles.All.Single(c => (string?)c["spec"]!["names"]!["kind"] == kind);
}
