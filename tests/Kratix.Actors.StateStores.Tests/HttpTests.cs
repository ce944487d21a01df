using System.Collections.Immutable;
using System.Text;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.StateStores.Tests;

public sealed class GitOverHttp_Contract : StateStoreContract
{
    protected override async Task<IStateStoreFixture> NewFixture() => await HttpWorld.Start(tls: false);
}

public sealed class GitOverHttps_Tests
{
    [Fact]
    public async Task Write_with_the_servers_authority_is_done()
    {
        await using var world = await HttpWorld.Start(tls: true);
        Assert.True((await world.Git.Write("a")).IsWritten);
    }

    [Fact]
    public async Task Write_to_a_server_with_an_unknown_certificate_is_terminal()
    {
        await using var world = await HttpWorld.Start(tls: true, trusted: false);
        var outcome = await world.Git.Write("a");
        Assert.Equal(Refusal.Invalid, outcome.Code);
        Assert.Contains("certificate", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact, Conformance("K27", "A store whose verification is off is written to whatever certificate its server has.")]
    public async Task Write_with_TLS_verification_off_is_done()
    {
        await using var world = await HttpWorld.Start(tls: true, trusted: false);
        world.Git.Address = world.Git.Address with { VerifyTls = false };
        Assert.True((await world.Git.Write("a")).IsWritten);
    }
}

public sealed class GitOverHttp_Tests
{
    [Fact, Conformance("K28", "Credentials are in no argument of a process and nowhere in the cache.")]
    public async Task Credentials_appear_in_no_argument_and_nowhere_in_the_cache()
    {
        await using var world = await HttpWorld.Start(tls: false);
        var arguments = Path.Combine(world.Git.Root, "arguments");
        var wrapper = world.Git.Script("git-that-notes", $"printf '%s\\n' \"$@\" >> '{arguments}'\nexec git \"$@\"");
        await using var store = world.Git.Open(world.Git.Options with { GitExecutable = wrapper });
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Git.Update("a")], CancellationToken.None));

        var header = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{HttpWorld.User}:{HttpWorld.Password}"));
        var files = Directory.EnumerateFiles(world.Git.Options.CacheFolder, "*", SearchOption.AllDirectories).Append(arguments);
        Assert.Contains("push", await File.ReadAllTextAsync(arguments), StringComparison.Ordinal);
        Assert.All(files.Select(File.ReadAllText), text =>
        {
            Assert.DoesNotContain(HttpWorld.Password, text, StringComparison.Ordinal);
            Assert.DoesNotContain(header, text, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("wrong-password-7")]
    [InlineData(null)]
    public async Task Wrong_or_no_credentials_are_terminal_and_not_repeated(string? password)
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Git.Address = world.Git.Address with { Credentials = password is null ? StoreCredentials.None : HttpWorld.Credentials(HttpWorld.User, password) };
        var outcome = await world.Git.Write("a");

        Assert.Equal(Refusal.Unauthorized, outcome.Code);
        Assert.Contains(world.Git.Address.Url, outcome.Failure, StringComparison.Ordinal);
        Assert.Contains("Secret", outcome.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-password-7", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_repeats_the_password_does_not_get_it_into_the_message()
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Server.Intercept = async http =>
        {
            http.Response.StatusCode = 403;
            http.Response.ContentType = "text/plain";
            await http.Response.WriteAsync($"no access with {HttpWorld.Password}\n");
            return true;
        };
        var outcome = await world.Git.Write("a");

        Assert.Equal(Refusal.Unauthorized, outcome.Code);
        Assert.DoesNotContain(HttpWorld.Password, outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAccess_with_the_right_to_read_only_is_terminal()
    {
        await using var world = await HttpWorld.Start(tls: false);
        GitWorld.Git(world.Git.Repository, "config", "http.receivepack", "false");
        await using var store = world.Git.Open();
        var outcome = Assert.IsType<Outcome<Nothing>.Terminal>(await store.CheckAccess(CancellationToken.None));
        Assert.Equal(Refusal.Unauthorized, outcome.Code);
    }

    [Fact]
    public async Task Missing_repository_is_terminal_and_named()
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Git.Address = world.Git.Address with { Url = world.Server.Url + "/other.git" };
        var outcome = await world.Git.Write("a");
        Assert.Equal(Refusal.NotFound, outcome.Code);
        Assert.Contains("/other.git", outcome.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task Server_in_trouble_is_transient(int status)
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Server.Intercept = http =>
        {
            http.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        Assert.Null((await world.Git.Write("a")).Code);
        world.Server.Intercept = _ => Task.FromResult(false);
        Assert.True((await world.Git.Write("a")).IsWritten);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_transient()
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Git.Address = world.Git.Address with { Url = "http://127.0.0.1:1/x.git" };
        var outcome = await world.Git.Write("a");
        Assert.Null(outcome.Code);
        Assert.Contains("http://127.0.0.1:1/x.git", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_to_another_host_is_refused_and_the_credentials_stay_here()
    {
        await using var world = await HttpWorld.Start(tls: false);
        await using var elsewhere = await GitHttpServer.Start(world.Git.Root, HttpWorld.User, HttpWorld.Password);
        world.Server.Intercept = http =>
        {
            http.Response.Redirect(elsewhere.Url + http.Request.Path + http.Request.QueryString, permanent: true);
            return Task.FromResult(true);
        };
        var outcome = await world.Git.Write("a");

        Assert.Equal(Refusal.Invalid, outcome.Code);
        Assert.Contains("redirects", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal(0, elsewhere.Requests);
    }

    [Theory, Conformance("K24", "A remote that hangs, whether while fetching or while pushing, is given up when its time is over.")]
    [InlineData("GET", "info/refs")]
    [InlineData("POST", "git-upload-pack")]
    [InlineData("POST", "git-receive-pack")]
    public async Task Remote_that_hangs_is_killed_when_its_time_is_over(string method, string path)
    {
        var time = new ManualTime();
        await using var world = await HttpWorld.Start(tls: false, configure: o => o with { TimeProvider = time });
        await world.Git.Write("first");
        await world.Git.WriteForeign(new Dictionary<string, byte[]?> { ["foreign"] = [1] });
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Server.Intercept = async http =>
        {
            if (http.Request.Method != method || !http.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal))
                return false;
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var aborted = http.RequestAborted.Register(() => gone.TrySetResult());
            asked.TrySetResult();
            await gone.Task;
            return true;
        };
        await using var store = world.Git.Open();
        var writing = store.Write([world.Git.Update("a")], CancellationToken.None);
        await asked.Task;
        time.Advance(world.Git.Options.CommandTimeout);

        var outcome = Assert.IsType<Outcome<BatchResult>.Transient>(await writing);
        Assert.Contains("no answer within 90 s", outcome.Reason, StringComparison.Ordinal);
        Assert.Contains("kratix.git.command-timeout", outcome.Reason, StringComparison.Ordinal);
        Assert.Contains(world.Git.Address.Url, outcome.Reason, StringComparison.Ordinal);
        world.Server.Intercept = _ => Task.FromResult(false);
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Git.Update("a")], CancellationToken.None));
        Assert.Equal(["dev/a/x", "dev/first/x", "foreign"], (await world.Files()).Keys);
        Assert.Equal(3, await world.Commits());
    }

    [Fact]
    public async Task Caller_that_gives_up_ends_the_git_process()
    {
        await using var world = await HttpWorld.Start(tls: false);
        using var cancellation = new CancellationTokenSource();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Server.Intercept = async http =>
        {
            using var aborted = http.RequestAborted.Register(() => gone.TrySetResult());
            await cancellation.CancelAsync();
            await gone.Task;
            return true;
        };
        await using var store = world.Git.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Write([world.Git.Update("a")], cancellation.Token));
        await gone.Task;
    }

    [Fact]
    public async Task Push_that_curl_repeats_because_its_answer_was_lost_counts_as_ours()
    {
        await using var world = await HttpWorld.Start(tls: false);
        await using var store = world.Git.Open();
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Git.Update("a")], CancellationToken.None));
        world.Server.Intercept = async http =>
        {
            if (http.Request.Method != "POST" || !http.Request.Path.Value!.EndsWith("git-receive-pack", StringComparison.Ordinal))
                return false;
            // The server does its work, and the connection breaks before the answer is out.
            world.Server.Intercept = _ => Task.FromResult(false);
            http.Response.Body = Stream.Null;
            await world.Server.ServeUnseen(http);
            http.Abort();
            return true;
        };
        var result = Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Git.Update("b")], CancellationToken.None)).Value;

        Assert.Equal(new IntentResult.Written(world.Git.Head(), true), result.Results["b"]);
        Assert.Equal(2, await world.Git.Commits());
    }
}

/// <summary>The repository of a <see cref="GitWorld"/> served over HTTP(S).</summary>
internal sealed class HttpWorld : IStateStoreFixture
{
    public const string User = "tester";
    public const string Password = "s3cret+pass/word=";

    private HttpWorld(GitWorld git, GitHttpServer server) => (Git, Server) = (git, server);

    public GitWorld Git { get; }

    public GitHttpServer Server { get; }

    public IStateStores Stores => Git.Stores;

    public Ports.Journal.IContentStore Contents => Git.Contents;

    public GitAddress Address => Git.Address;

    StateStoreAddress IStateStoreFixture.Address => Address;

    public (StateStoreAddress SameStore, StateStoreAddress OtherStore) Neighbours => Git.Neighbours;

    public bool HasDirectories => true;

    public static StoreCredentials Credentials(string user, string password) => new(ImmutableSortedDictionary<string, byte[]>.Empty
        .Add("username", Encoding.UTF8.GetBytes(user)).Add("password", Encoding.UTF8.GetBytes(password + "\n")));

    public static async Task<HttpWorld> Start(bool tls, bool trusted = true, Func<StateStores.Git.GitStateStoresOptions, StateStores.Git.GitStateStoresOptions>? configure = null)
    {
        var root = Directory.CreateTempSubdirectory("kratix-http-").FullName;
        var server = await GitHttpServer.Start(root, User, Password, tls);
        var authorities = Path.Combine(root, "authorities.pem");
        await File.WriteAllTextAsync(authorities, server.CertificatePem ?? "");
        var git = new GitWorld(o => (configure ?? (same => same))(o with { AllowHttpUrls = true, CertificateAuthorityFile = tls && trusted ? authorities : null }), root);
        git.Address = git.Address with { Url = $"{server.Url}/remote.git", Credentials = Credentials(User, Password) };
        return new HttpWorld(git, server);
    }

    public Task<ImmutableSortedDictionary<string, byte[]>> Files() => Git.Files();

    public Task<int?> Commits() => Git.Commits();

    public Task WriteForeign(IReadOnlyDictionary<string, byte[]?> files) => Git.WriteForeign(files);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Git.DisposeAsync();
    }
}
