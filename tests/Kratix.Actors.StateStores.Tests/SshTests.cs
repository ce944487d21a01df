using System.Collections.Immutable;
using System.Text;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class SshTests
{
    [Fact, Conformance("R106", "SSH writes with the key of the Secret.")]
    public async Task Write_over_ssh_is_done_with_a_key_that_only_its_files_know()
    {
        await using var world = new GitWorld();
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        var noted = Path.Combine(world.Root, "noted");
        var wrapper = world.Script("ssh-that-notes", $"printf '%s\\n' \"$@\" >> '{noted}'\nexec ssh \"$@\"");
        // The line ends of Windows and a lost last newline are repaired on the way.
        world.Address = Address(world, server, server.PrivateKey.TrimEnd().ReplaceLineEndings("\r\n"), server.KnownHosts);
        string keyFile;
        await using (var store = world.Open(world.Options with { SshExecutable = wrapper }))
        {
            Assert.IsType<Outcome<Nothing>.Done>(await store.CheckAccess(CancellationToken.None));
            Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a")], CancellationToken.None));
            var arguments = await File.ReadAllLinesAsync(noted);
            Assert.DoesNotContain(arguments, a => a.Contains("PRIVATE KEY", StringComparison.Ordinal));
            keyFile = arguments[Array.IndexOf(arguments, "-i") + 1];
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keyFile));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(keyFile)));
        Assert.Equal(["dev/a/x"], (await world.Files()).Keys);
    }

    [Fact]
    public async Task Key_that_may_not_log_in_is_terminal()
    {
        await using var world = new GitWorld();
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        SshServer.MakeKey(world.Root, "stranger");
        world.Address = Address(world, server, await File.ReadAllTextAsync(Path.Combine(world.Root, "stranger")), server.KnownHosts);
        var outcome = await world.Write("a");

        Assert.Equal(Refusal.Unauthorized, outcome.Code);
        Assert.Contains("check the credentials", outcome.Failure, StringComparison.Ordinal);
    }

    [Theory, Conformance("R106", "A host whose key is not in knownHosts is not trusted.")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Host_with_another_or_an_unknown_key_is_not_trusted(bool other)
    {
        await using var world = new GitWorld();
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        SshServer.MakeKey(world.Root, "impostor");
        var line = $"[127.0.0.1]:{server.Port} {await File.ReadAllTextAsync(Path.Combine(world.Root, "impostor.pub"))}";
        world.Address = Address(world, server, server.PrivateKey, other ? line : "# nobody");
        var outcome = await world.Write("a");

        Assert.Equal(Refusal.Unauthorized, outcome.Code);
        Assert.Contains("knownHosts", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal(0, await world.Commits());
    }

    [Fact]
    public async Task Missing_repository_is_terminal_and_a_missing_server_transient()
    {
        await using var world = new GitWorld();
        await using (var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName))
        {
            world.Address = Address(world, server, server.PrivateKey, server.KnownHosts);
            world.Address = world.Address with { Url = world.Address.Url + "-other" };
            Assert.Equal(Refusal.NotFound, (await world.Write("a")).Code);
        }

        Assert.Null((await world.Write("a")).Code);
    }

    private static GitAddress Address(GitWorld world, SshServer server, string key, string knownHosts) => world.Address with
    {
        Url = $"ssh://{SshServer.User}@127.0.0.1:{server.Port}{world.Repository}",
        AuthMethod = "ssh",
        Credentials = new StoreCredentials(ImmutableSortedDictionary<string, byte[]>.Empty
            .Add("sshPrivateKey", Encoding.UTF8.GetBytes(key)).Add("knownHosts", Encoding.UTF8.GetBytes(knownHosts))),
    };
}
