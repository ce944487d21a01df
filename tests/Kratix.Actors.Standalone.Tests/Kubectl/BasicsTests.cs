using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Kubectl;

/// <summary>What a user types on the first day, with the real kubectl. One server serves the class; each test has names of its own.</summary>
public sealed class BasicsTests(WebsiteServer shared) : IClassFixture<WebsiteServer>
{
    private Support.Kubectl Kubectl => shared.Server.Kubectl;

    [Fact]
    public async Task Get_namespaces_shows_the_three_that_exist_from_the_start()
    {
        var shown = (await Kubectl.Run("get ns")).Succeeded().Out;

        Assert.Matches(@"NAME\s+STATUS\s+AGE", shown);
        foreach (var name in (string[])["default", "kube-system", "kube-public"]) Assert.Matches($@"{name}\s+Active\s+\d+s", shown);
    }

    [Fact]
    public async Task Apply_creates_then_leaves_alone_then_configures()
    {
        Assert.Equal("website.example.com/applied created\n", (await Kubectl.Apply(Manifests.Website("applied"))).Succeeded().Out);
        Assert.Equal("website.example.com/applied unchanged\n", (await Kubectl.Apply(Manifests.Website("applied"))).Succeeded().Out);
        Assert.Equal("website.example.com/applied configured\n", (await Kubectl.Apply(Manifests.Website("applied", "title: other"))).Succeeded().Out);
        Assert.Equal("2", (await Kubectl.Run("get website applied -o jsonpath={.metadata.generation}")).Succeeded().Out);
    }

    [Fact]
    public async Task Get_prints_the_definition_s_columns_and_wide_prints_all()
    {
        (await Kubectl.Apply(Manifests.Website("columns"))).Succeeded();

        Assert.Matches(@"NAME\s+SIZE\s+READY\s+AGE\ncolumns\s+3\s+\d+s", (await Kubectl.Run("get web columns")).Succeeded().Out);
        Assert.Matches(@"NAME\s+SIZE\s+TITLE\s+READY\s+AGE\ncolumns\s+3\s+home\s+\d+s", (await Kubectl.Run("get web columns -o wide")).Succeeded().Out);
    }

    [Fact]
    public async Task Get_by_category_finds_custom_kinds()
    {
        (await Kubectl.Apply(Manifests.Website("category"))).Succeeded();

        Assert.Contains("category", (await Kubectl.Run("get kratix")).Succeeded().Out, StringComparison.Ordinal);
        if (await Kubectl.MinorVersion() < 22) return; // the flag below came with 1.22
        Assert.Contains("websites.example.com", (await Kubectl.Run("api-resources --categories=kratix -o name")).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Label_annotate_and_patch_change_what_they_say()
    {
        (await Kubectl.Apply(Manifests.Website("changed"))).Succeeded();

        (await Kubectl.Run("label web changed tier=front")).Succeeded();
        (await Kubectl.Run("annotate web changed note=hello")).Succeeded();
        (await Kubectl.Run("patch web changed --type merge -p '{\"spec\":{\"size\":9}}'")).Succeeded();
        (await Kubectl.Run("patch web changed --type json -p '[{\"op\":\"replace\",\"path\":\"/spec/title\",\"value\":\"json\"}]'")).Succeeded();

        Assert.Equal("front hello 9 json", (await Kubectl.Run("get web changed -o 'jsonpath={.metadata.labels.tier} {.metadata.annotations.note} {.spec.size} {.spec.title}'")).Succeeded().Out);
        (await Kubectl.Run("label web changed tier-")).Succeeded();
        Assert.Equal("", (await Kubectl.Run("get web changed -o jsonpath={.metadata.labels.tier}")).Succeeded().Out);
    }

    [Fact]
    public async Task Wait_returns_when_the_condition_is_written_to_the_status()
    {
        (await Kubectl.Apply(Manifests.Website("waited"))).Succeeded();
        var waiting = Kubectl.Run("wait --for=condition=Ready web/waited --timeout=30s");

        await shared.Server.Merge(
            "/apis/example.com/v1/namespaces/default/websites/waited/status", Manifests.Json("{status: {conditions: [{type: Ready, status: 'True'}]}}"));

        Assert.Equal("website.example.com/waited condition met\n", (await waiting).Succeeded().Out);
    }

    [Fact]
    public async Task Describe_shows_spec_and_no_events()
    {
        (await Kubectl.Apply(Manifests.Website("described"))).Succeeded();

        var shown = (await Kubectl.Run("describe web described")).Succeeded().Out;

        Assert.Matches(@"Kind:\s+Website", shown);
        Assert.Matches(@"Title:\s+home", shown);
        Assert.Matches(@"Events:\s+<none>", shown);
    }

    [Fact]
    public async Task Explain_tells_the_schema_of_a_custom_kind()
    {
        var shown = (await Kubectl.Run("explain website.spec")).Succeeded().Out;

        Assert.Contains("How big it is.", shown, StringComparison.Ordinal);
        Assert.Matches(@"title\s+<string>", shown);
    }

    [Fact]
    public async Task Delete_removes_and_a_second_delete_says_not_found()
    {
        (await Kubectl.Apply(Manifests.Website("deleted"))).Succeeded();

        Assert.Equal("website.example.com \"deleted\" deleted\n", (await Kubectl.Run("delete web deleted")).Succeeded().Out);
        Assert.Equal("Error from server (NotFound): websites.example.com \"deleted\" not found\n", (await Kubectl.Run("delete web deleted")).Failed().Error);
    }

    [Fact]
    public async Task Apply_into_a_missing_namespace_says_so()
    {
        Assert.Contains("namespaces \"nowhere\" not found", (await Kubectl.Apply(Manifests.Website("lost", ns: "nowhere"))).Failed().Error, StringComparison.Ordinal);
    }
}
