using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;
using Microsoft.AspNetCore.Http;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>Pushes that the other side refuses for what is in them: the batch has to be taken apart, since the same push is refused for ever.</summary>
public sealed class DeclinedTests
{
    [Fact, Conformance("K24", "A file that the server's own checks of objects refuse counts as declined, so that its placement is found and the others go through.")]
    public async Task Object_that_the_server_refuses_is_declined_with_its_words()
    {
        await using var world = new GitWorld();
        GitWorld.Git(world.Repository, "config", "receive.fsckObjects", "true");
        await using var store = world.Open();
        var bad = world.Update("bad") with { Changes = [new Core.Placement.PathChange.PutFile(world.Memory.Add(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = --upload-pack=id\n"))] };
        var outcome = Assert.IsType<Outcome<BatchResult>.Terminal>(await store.Write([world.Update("good"), bad], CancellationToken.None));

        Assert.Equal(Refusal.Declined, outcome.Code);
        Assert.Contains("gitmodulesUrl", outcome.Reason, StringComparison.Ordinal);
        Assert.Contains("'main'", outcome.Reason, StringComparison.Ordinal);
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("good")], CancellationToken.None));
    }

    [Fact, Conformance("K24", "A batch that is too large for the server counts as declined, and goes through in parts.")]
    public async Task Push_beyond_the_servers_limit_is_declined_and_a_smaller_one_goes_through()
    {
        await using var world = new GitWorld();
        GitWorld.Git(world.Repository, "config", "receive.maxInputSize", "20k");
        await using var store = world.Open();
        var outcome = Assert.IsType<Outcome<BatchResult>.Terminal>(await store.Write([.. new[] { "a", "b", "c", "d" }.Select(id => world.Update(id, Noise(id)))], CancellationToken.None));

        Assert.Equal(Refusal.Declined, outcome.Code);
        Assert.Contains("maximum allowed size", outcome.Reason, StringComparison.Ordinal);
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a", Noise("a"))], CancellationToken.None));
    }

    [Fact]
    public async Task Push_that_is_too_large_for_the_web_server_in_between_is_declined()
    {
        await using var world = await HttpWorld.Start(tls: false);
        world.Server.Intercept = async http =>
        {
            if (http.Request.Method != "POST" || !http.Request.Path.Value!.EndsWith("git-receive-pack", StringComparison.Ordinal))
                return false;
            await http.Request.Body.CopyToAsync(Stream.Null);
            http.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return true;
        };
        var outcome = await world.Git.Write("a", Noise("a"));

        Assert.Equal(Refusal.Declined, outcome.Code);
        Assert.Contains("too large", outcome.Failure, StringComparison.Ordinal);
        world.Server.Intercept = _ => Task.FromResult(false);
        Assert.True((await world.Git.Write("a", Noise("a"))).IsWritten);
    }

    // Nothing that compresses to less than it is.
    private static string Noise(string seed)
    {
        var bytes = new byte[8 * 1024];
        new Random(seed[0]).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }
}
