using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Schemas.Cel;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Schemas;

public sealed class CelTests
{
    [Theory]
    [InlineData("self.min <= self.max", true)]
    [InlineData("self.min > self.max || self.name == 'abc'", true)]
    [InlineData("!(self.min < 1) && self.max % 2 == 0", true)]
    [InlineData("has(self.name) ? self.name.startsWith('a') : false", true)]
    [InlineData("has(self.missing)", false)]
    [InlineData("!has(self.missing) || self.missing == 1", true)]
    [InlineData("self.missing == 1 || self.name == 'abc'", true)]
    [InlineData("size(self.list) == 3 && self.list.size() == 3", true)]
    [InlineData("self.list.all(x, x > 0)", true)]
    [InlineData("self.list.exists(x, x == 2) && self.list.exists_one(x, x == 2)", true)]
    [InlineData("self.list.filter(x, x > 1).map(x, x * 10) == [20, 30]", true)]
    [InlineData("2 in self.list && 'a' in self.map && !('z' in self.map)", true)]
    [InlineData("self.map.all(k, self.map[k] != '')", true)]
    [InlineData("self.name.matches('^[a-z]+$') && self.name.contains('b') && self.name.endsWith(\"c\")", true)]
    [InlineData("self.name in ['abc', 'def']", true)]
    [InlineData("self.list[0] + 1 == 2 && -self.list[0] == -1", true)]
    [InlineData("self.some__dash__name == 'x'", true)]
    [InlineData("self == oldSelf", false)]
    [InlineData("self.name == oldSelf.name", true)]
    [InlineData("int('5') == 5 && string(5) == '5' && 1.5 < 2", true)]
    public void An_expression_means_what_the_language_says(string expression, bool expected)
    {
        var self = Manifests.Json("{min: 1, max: 4, name: abc, list: [1, 2, 3], map: {a: x, b: y}, some-name: x}");
        var old = Manifests.Json("{name: abc}");

        Assert.Equal(expected, CelExpression.Parse(expression).Evaluate(self, old));
    }

    [Theory]
    [InlineData("self.missing == 1", "no such key: missing")]
    [InlineData("self.list[9] == 1", "index out of bounds: 9")]
    [InlineData("self.name && true", "expected a bool, found string")]
    [InlineData("other == 1", "undeclared reference to 'other'")]
    [InlineData("1 / 0 == 1", "division by zero")]
    public void An_evaluation_that_fails_says_why(string expression, string message)
    {
        var self = Manifests.Json("{name: abc, list: [1]}");

        Assert.Equal(message, Assert.Throws<CelException>(() => CelExpression.Parse(expression).Evaluate(self, null)).Message);
    }

    [Theory]
    [InlineData("self.x ==", "the expression ends too early")]
    [InlineData("self.x == 1 1", "unexpected '1'")]
    [InlineData("self.x.quantity()", "the function quantity is not known here")]
    [InlineData("self.x == 'a", "a text is never closed")]
    [InlineData("self.x # 1", "unexpected character '#' at 8")]
    public void An_expression_that_cannot_be_read_says_why(string expression, string message)
    {
        Assert.Equal(message, Assert.Throws<CelException>(() => CelExpression.Parse(expression)).Message);
    }

    [Fact]
    public async Task A_rule_beyond_the_language_known_here_is_a_warning_when_the_definition_is_written()
    {
        await using var server = await TestServer.Start();
        var crd = Manifests.WebsiteDefinition.Replace("rule: self == oldSelf", "rule: self.quantity() == 1", StringComparison.Ordinal);

        var done = (await server.Kubectl.Apply(crd)).Succeeded();

        Assert.Contains("rule \"self.quantity() == 1\" is not enforced by this server: the function quantity is not known here", done.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_over_an_object_is_enforced_on_creation_with_its_own_message()
    {
        await using var server = await TestServer.Start();
        var crd = Manifests.Json(Manifests.WebsiteDefinition);
        crd.At("spec", "versions")![0].At("schema", "openAPIV3Schema", "properties", "spec")!.AsObject()["x-kubernetes-validations"] = new JsonArray(
            new JsonObject { ["rule"] = "self.size < 5 || has(self.mode)", ["messageExpression"] = "'a site of size ' + string(self.size) + ' needs a mode'" });
        await server.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);

        var (code, status) = await server.Post("/apis/example.com/v1/namespaces/default/websites", Manifests.Json(Manifests.Website("big", "title: home, size: 7")));

        Assert.Equal(422, (int)code);
        Assert.Equal("Website.example.com \"big\" is invalid: spec: Invalid value: \"object\": a site of size 7 needs a mode", status.Text("message"));
    }
}
