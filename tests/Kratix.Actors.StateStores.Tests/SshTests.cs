using System.Collections.Immutable;
using System.Text;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
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
    public async Task Keys_that_a_killed_process_left_go_when_the_next_one_starts()
    {
        await using var world = new GitWorld();
        var (left, others) = (KeyFolders.Create(world.Options.CacheFolder), KeyFolders.Create(world.Options.CacheFolder + "-of-another"));
        await File.WriteAllTextAsync(Path.Combine(left, "key"), "a key");

        _ = new GitStateStores(world.Options, world.Memory);

        Assert.False(Directory.Exists(left));
        Assert.True(Directory.Exists(others));
        Directory.Delete(others);
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
        Assert.Contains(other ? "the host's key is not the one in knownHosts" : "knownHosts has no key of this host", outcome.Failure, StringComparison.Ordinal);
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

    [Fact, Conformance("R106", "A path without a slash, user@host:path, begins in the home folder of the user, as with ssh and git themselves.")]
    public async Task Path_without_a_slash_begins_in_the_users_home()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        await using var world = new GitWorld(root: Directory.CreateDirectory(Path.Combine(home, $".kratix-test-{Guid.NewGuid():N}")).FullName);
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        // This spelling has no place for a port.
        var wrapper = world.Script("ssh-to-the-port", $"exec ssh -p {server.Port} \"$@\"");
        world.Address = Address(world, server, server.PrivateKey, server.KnownHosts) with { Url = $"{SshServer.User}@127.0.0.1:{Path.GetRelativePath(home, world.Repository)}" };
        await using var store = world.Open(world.Options with { SshExecutable = wrapper });

        var outcome = await store.Write([world.Update("a")], CancellationToken.None);
        Assert.True(outcome is Outcome<BatchResult>.Done, outcome.Failure);
        Assert.Equal(["dev/a/x"], (await world.Files()).Keys);
    }

    [Fact, Conformance("R106", "A private key with a passphrase, or none at all, is told by the Secret's key sshPrivateKey.")]
    public async Task Key_that_cannot_be_used_is_told_with_what_would_be_right()
    {
        await using var world = new GitWorld();
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        SshServer.MakeKey(world.Root, "encrypted", "a passphrase");
        (string Key, Refusal Code, string Words)[] keys =
        [
            (await File.ReadAllTextAsync(Path.Combine(world.Root, "encrypted")), Refusal.Invalid, "locked by a passphrase"),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----", Refusal.Invalid, "locked by a passphrase"),
            (await File.ReadAllTextAsync(Path.Combine(world.Root, "encrypted.pub")), Refusal.Invalid, "no private key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", Refusal.Unauthorized, "no private key"),
        ];
        foreach (var (key, code, words) in keys)
        {
            world.Address = Address(world, server, key, server.KnownHosts);
            var outcome = await world.Write("a");

            Assert.Equal(code, outcome.Code);
            Assert.Contains("sshPrivateKey", outcome.Failure, StringComparison.Ordinal);
            Assert.Contains(words, outcome.Failure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Host_that_has_a_new_key_is_trusted_when_knownHosts_names_it()
    {
        await using var world = new GitWorld();
        await using var server = await SshServer.Start(Directory.CreateDirectory(Path.Combine(world.Root, "ssh")).FullName);
        SshServer.MakeKey(world.Root, "former");
        var former = $"[127.0.0.1]:{server.Port} {await File.ReadAllTextAsync(Path.Combine(world.Root, "former.pub"))}";
        world.Address = Address(world, server, server.PrivateKey, former);
        Assert.Contains("is not the one in knownHosts", (await world.Write("a")).Failure, StringComparison.Ordinal);

        // While a host changes its key, both are known.
        world.Address = Address(world, server, server.PrivateKey, $"{former}\n{server.KnownHosts}");
        Assert.True((await world.Write("a")).IsWritten);
    }

    private static GitAddress Address(GitWorld world, SshServer server, string key, string knownHosts) => world.Address with
    {
        Url = $"ssh://{SshServer.User}@127.0.0.1:{server.Port}{world.Repository}",
        AuthMethod = "ssh",
        Credentials = new StoreCredentials(ImmutableSortedDictionary<string, byte[]>.Empty
            .Add("sshPrivateKey", Encoding.UTF8.GetBytes(key)).Add("knownHosts", Encoding.UTF8.GetBytes(knownHosts))),
    };
}
