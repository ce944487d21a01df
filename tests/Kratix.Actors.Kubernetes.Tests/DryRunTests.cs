using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Kubernetes.Tests;

/// <summary>What a server says to a write that is not made.</summary>
public abstract class DryRunTests(ServerFixture server)
{
    private readonly IDryRuns _dryRuns = server.Client;

    [Fact]
    public async Task Apply_that_would_succeed_writes_nothing()
    {
        var widget = new JsonObject { ["apiVersion"] = "example.org/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "dry" }, ["spec"] = new JsonObject { ["size"] = 1 } };

        Assert.Null((await _dryRuns.Apply(ServerFixture.Widget, "default", "dry", widget, default)).Failure);

        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<JsonObject>.Terminal>(await server.Client.Get(ServerFixture.Widget, "default", "dry", default)).Code);
    }

    [Theory]
    [InlineData("widgets.example.org", "group", "elsewhere.org", "widgets.elsewhere.org|spec.group")]
    [InlineData("gadgets.example.org", "scope", "Everywhere", "spec.scope: Unsupported value: \"Everywhere\"")]
    public async Task Apply_of_a_definition_the_server_would_not_take_says_why(string name, string field, string value, string why)
    {
        var definition = ServerFixture.WidgetDefinition();
        definition["metadata"]!["name"] = name;
        definition["spec"]!["names"]!["plural"] = name.Split('.')[0];
        definition["spec"]![field] = value;

        var refused = Assert.IsType<Outcome<JsonObject>.Terminal>(await _dryRuns.Apply(KnownTypes.CustomResourceDefinition, null, name, definition, default));

        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Matches(why, refused.Reason);
    }
}

public sealed class StandaloneDryRunTests(StandaloneFixture server) : DryRunTests(server), IClassFixture<StandaloneFixture>;

[Collection(ClusterTests.Name)]
public sealed class ClusterDryRunTests(ClusterFixture server) : DryRunTests(server);
