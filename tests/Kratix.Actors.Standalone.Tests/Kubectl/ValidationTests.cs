using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>Mistakes in a custom object, in the words an upstream cluster would use.</summary>
public sealed class ValidationTests(WebsiteServer shared) : IClassFixture<WebsiteServer>
{
    private Support.Kubectl Kubectl => shared.Server.Kubectl;

    [Theory]
    [InlineData("title: home, size: x", "The Website \"bad\" is invalid: spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"")]
    [InlineData("size: 1", "The Website \"bad\" is invalid: spec.title: Required value")]
    [InlineData("title: home, size: 0", "The Website \"bad\" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1")]
    [InlineData("title: home, size: 11", "The Website \"bad\" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10")]
    [InlineData("title: HOME", "The Website \"bad\" is invalid: spec.title: Invalid value: \"HOME\": spec.title in body should match '^[a-z]+$'")]
    [InlineData("title: a", "The Website \"bad\" is invalid: spec.title: Invalid value: \"a\": spec.title in body should be at least 2 chars long")]
    [InlineData("title: abcdefghijk", "The Website \"bad\" is invalid: spec.title: Too long: may not be more than 8 bytes")]
    [InlineData("title: home, mode: odd", "The Website \"bad\" is invalid: spec.mode: Unsupported value: \"odd\": supported values: \"plain\", \"fancy\"")]
    [InlineData("title: home, since: yesterday", "The Website \"bad\" is invalid: spec.since: Invalid value: \"yesterday\": spec.since in body must be of type date-time: \"yesterday\"")]
    [InlineData("title: home, port: true", "The Website \"bad\" is invalid: spec.port: Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\"")]
    [InlineData("title: home, pages: [{path: a}, {path: b}, {path: c}, {path: d}]", "The Website \"bad\" is invalid: spec.pages: Too many: 4: must have at most 3 items")]
    [InlineData("title: home, pages: [{path: a}, {path: a}]", "The Website \"bad\" is invalid: spec.pages[1]: Duplicate value: {\"path\":\"a\"}")]
    [InlineData("title: home, pages: [{lines: 1}]", "The Website \"bad\" is invalid: spec.pages[0].path: Required value")]
    public async Task A_value_the_schema_forbids_is_refused_in_the_api_server_s_words(string spec, string expected)
    {
        // Without kubectl's own check, which older versions make before they send anything.
        Assert.Equal(expected + "\n", (await Kubectl.Run("apply --validate=false -f -", Manifests.Website("bad", spec))).Failed().Error);
    }

    [Fact]
    public async Task A_mistake_kubectl_itself_finds_names_the_field_too()
    {
        var error = (await Kubectl.Apply(Manifests.Website("bad", "title: home, size: x"))).Failed().Error;

        Assert.Matches("spec.size.*invalid type|spec.size: Invalid value", error);
    }

    [Fact]
    public async Task Several_mistakes_are_listed_together()
    {
        var error = (await Kubectl.Apply(Manifests.Website("bad", "title: HOME, size: 0"))).Failed().Error;

        Assert.StartsWith("The Website \"bad\" is invalid: \n* ", error, StringComparison.Ordinal);
        Assert.Contains("\n* spec.size: Invalid value: 0", error, StringComparison.Ordinal);
        Assert.Contains("\n* spec.title: Invalid value: \"HOME\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_field_is_refused_by_name()
    {
        var error = (await Kubectl.Apply(Manifests.Website("bad", "title: home, colour: red"))).Failed().Error;

        Assert.Matches("strict decoding error: unknown field \"spec.colour\"|ValidationError\\(Website.spec\\): unknown field \"colour\"", error);
    }

    [Fact]
    public async Task An_unknown_field_is_dropped_with_a_warning_when_the_user_asks_for_that()
    {
        var flag = await Kubectl.MinorVersion() < 25 ? "false" : "warn";
        var done = (await Kubectl.Run($"apply --validate={flag} -f -", Manifests.Website("dropped", "title: home, colour: red, free: {any: thing}"))).Succeeded();

        Assert.Contains("Warning: unknown field \"spec.colour\"", done.Error, StringComparison.Ordinal);
        Assert.Equal("{\"free\":{\"any\":\"thing\"},\"size\":3,\"title\":\"home\"}", (await Kubectl.Run("get web dropped -o jsonpath={.spec}")).Succeeded().Out);
    }

    [Fact]
    public async Task An_immutable_field_keeps_its_value_and_the_rule_s_message_says_why()
    {
        (await Kubectl.Apply(Manifests.Website("fixed", "title: home, mode: plain"))).Succeeded();

        Assert.Equal(
            "The Website \"fixed\" is invalid: spec.mode: Invalid value: \"string\": mode is immutable\n",
            (await Kubectl.Apply(Manifests.Website("fixed", "title: home, mode: fancy"))).Failed().Error);
    }

    [Fact]
    public async Task A_name_that_is_not_a_dns_name_is_refused()
    {
        Assert.Contains(
            "metadata.name: Invalid value: \"Big_Name\": a lowercase RFC 1123 subdomain must consist of",
            (await Kubectl.Apply(Manifests.Website("Big_Name"))).Failed().Error, StringComparison.Ordinal);
    }
}
