using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class UrlTests
{
    [Theory, Conformance("K24", "Two spellings of one repository are one writer.")]
    [InlineData("https://git.example.com/team/app", "https://git.example.com/team/app")]
    [InlineData("HTTPS://Git.Example.COM/team/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com:443/team/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com:/team/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com./team/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com/team/app/", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com/team/app.git", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com/team/app.git/", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com//team/./x/../app", "https://git.example.com/team/app")]
    [InlineData("https://me:secret@git.example.com/team/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com/te%61m/app", "https://git.example.com/team/app")]
    [InlineData("https://git.example.com/my team/app", "https://git.example.com/my%20team/app")]
    [InlineData("https://git.example.com/my%20team/app", "https://git.example.com/my%20team/app")]
    [InlineData("https://git.example.com:8443/team/app", "https://git.example.com:8443/team/app")]
    [InlineData("https://git.example.com/Team/App", "https://git.example.com/Team/App")]
    [InlineData("https://github.com/Team/App.git", "https://github.com/team/app")]
    [InlineData("https://[::1]:443/app", "https://[::1]/app")]
    [InlineData("http://git.example.com:80/team/app", "http://git.example.com/team/app")]
    [InlineData("ssh://git@git.example.com/team/app.git", "ssh://git.example.com/team/app")]
    [InlineData("ssh://git@git.example.com:22/team/app", "ssh://git.example.com/team/app")]
    [InlineData("git@git.example.com:team/app.git", "ssh://git.example.com/team/app")]
    [InlineData("git.example.com:team/app", "ssh://git.example.com/team/app")]
    [InlineData("git@git.example.com:/team/app", "ssh://git.example.com/team/app")]
    [InlineData("GIT.example.com:team/app.git/", "ssh://git.example.com/team/app")]
    [InlineData("me@git.example.com:/team/app", "ssh://git.example.com/team/app")]
    [InlineData("me@git.example.com:team/app", "ssh://git.example.com/~me/team/app")]
    [InlineData("me@git.example.com:./team//app.git", "ssh://git.example.com/~me/team/app")]
    [InlineData("org-1234@GitHub.com:Team/App", "ssh://github.com/team/app")]
    [InlineData("file:///nowhere/team/app", "file:///nowhere/team/app")]
    [InlineData("file://localhost/nowhere/team/app/", "file:///nowhere/team/app")]
    [InlineData("/nowhere/team/../team/app", "file:///nowhere/team/app")]
    [InlineData("file:///nowhere/team/app/.git", "file:///nowhere/team/app")]
    public void Spellings_of_one_repository_have_one_key(string url, string key) => Assert.Equal($"{key}#main", Key(url));

    [Fact]
    public void Folder_is_found_under_both_its_names_but_two_folders_are_two_repositories()
    {
        var root = Directory.CreateTempSubdirectory("kratix-url-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "one.git"));
        Directory.CreateDirectory(Path.Combine(root, "two"));
        Directory.CreateDirectory(Path.Combine(root, "two.git"));

        Assert.Equal(Key($"{root}/one.git"), Key($"file://{root}/one"));
        Assert.NotEqual(Key($"{root}/two.git"), Key($"{root}/two"));
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void Folder_has_one_key_by_whichever_links_it_is_reached()
    {
        var root = Directory.CreateTempSubdirectory("kratix-url-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "real", "app.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "away"), "real");
        Directory.CreateSymbolicLink(Path.Combine(root, "there"), Path.Combine(root, "away", "app.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "round"), "round/round");

        Assert.All(["away/app.git", "away/app", "there", "there/", "real/../away/app.git"], path => Assert.Equal(Key($"{root}/real/app.git"), Key($"{root}/{path}")));
        Assert.NotEqual(Key($"{root}/real/app.git"), Key($"{root}/round"));
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task Folder_with_signs_in_its_name_that_a_url_encodes_is_written_to()
    {
        await using var world = new GitWorld(root: Directory.CreateTempSubdirectory("kratix %41ü#?").FullName);
        world.Address = world.Address with { Url = world.Repository };
        var written = await world.Write("a");
        Assert.True(written.IsWritten, written.Outcome.Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("--upload-pack=touch x")]
    [InlineData("team/app")]
    [InlineData("ext::sh -c id")]
    [InlineData("ftp://git.example.com/app")]
    [InlineData("https://git.example.com")]
    [InlineData("https://git.example.com:99999/app")]
    [InlineData("ssh://-oProxyCommand=id/app")]
    [InlineData("git@-oProxyCommand=id:app")]
    [InlineData("ssh://-l@git.example.com/app")]
    [InlineData("file://elsewhere/app")]
    [InlineData("https://git.example.com/a\nb")]
    public void Address_that_is_none_is_refused_in_words(string url)
    {
        var refused = Assert.IsType<Outcome<string>.Terminal>(Stores().KeyOf(Address(url)));
        Assert.Equal(Refusal.Invalid, refused.Code);
        Assert.Contains("url", refused.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-d")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("a/.hidden")]
    [InlineData("a.lock")]
    [InlineData("a/")]
    [InlineData("@")]
    [InlineData("a\nb")]
    public void Branch_that_is_none_is_refused(string branch)
    {
        var refused = Assert.IsType<Outcome<IStateStore>.Terminal>(Stores().Open(Address("https://git.example.com/app") with { Branch = branch }));
        Assert.Contains("branch", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///srv/app", "basicAuth", "file URLs are not allowed")]
    [InlineData("http://git.example.com/app", "basicAuth", "http URLs are not allowed")]
    [InlineData("https://git.example.com/app", "ssh", "authMethod 'ssh'")]
    [InlineData("ssh://git@git.example.com/app", "basicAuth", "authMethod 'basicAuth'")]
    [InlineData("ssh://git@git.example.com/app", "ssh", "'sshPrivateKey'")]
    public void Address_that_may_not_be_used_is_refused_with_the_reason(string url, string authMethod, string reason)
    {
        var refused = Assert.IsType<Outcome<IStateStore>.Terminal>(Stores().Open(Address(url) with { AuthMethod = authMethod }));
        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Password_in_the_url_is_in_neither_key_nor_message()
    {
        var refused = Stores().Open(Address("http://me:hunter2@git.example.com/app"));
        Assert.DoesNotContain("hunter2", refused.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Key("https://me:hunter2@git.example.com/app"), StringComparison.Ordinal);
    }

    private static GitStateStores Stores() => new(new GitStateStoresOptions { CacheFolder = Path.Combine(Path.GetTempPath(), "kratix-never-made") }, new InMemoryContentStore());

    private static GitAddress Address(string url) => new(url, "main", "basicAuth", StoreCredentials.None, "kratix", "");

    private static string Key(string url) => Assert.IsType<Outcome<string>.Done>(Stores().KeyOf(Address(url))).Value;
}
