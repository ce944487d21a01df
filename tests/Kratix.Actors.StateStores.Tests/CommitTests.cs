using System.Text;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class CommitTests
{
    [Fact]
    public async Task Commit_of_one_update_reads_as_Kratix_writes_it_and_carries_its_trailer()
    {
        await using var world = new GitWorld(o => o with { TimeProvider = new ManualTime() });
        await Write(world, world.Update("redis-example-1"));

        Assert.Equal(
            "Update from: redis-example-1\n\nKratix-Placement: Update redis-example-1 request=promise/default/redis-example-1 run=run-redis-example-1\n",
            Log(world, "%B"));
        Assert.Equal("kratix <kratix@example.com> kratix <kratix@example.com> 2026-01-01T00:00:00+00:00", Log(world, "%an <%ae> %cn <%ce> %cI"));
    }

    [Fact]
    public async Task Commit_of_a_deletion_says_so()
    {
        await using var world = new GitWorld();
        await Write(world, world.Update("a"));
        await Write(world, world.Update("a") with { Action = "Delete", Changes = [new PathChange.ReplaceDirectory("dev/a", [])] });
        Assert.Equal("Delete from: a", Log(world, "%s"));
    }

    [Fact]
    public async Task Commit_of_many_has_a_trailer_for_each_that_changed_and_for_no_other()
    {
        await using var world = new GitWorld();
        await Write(world, world.Update("there"));
        await Write(world, world.Update("a"), world.Update("there"), world.Update("b"), world.Update("bad") with { Changes = [new PathChange.DeleteFile("../x")] });

        Assert.Equal("Update from: 2 placements", Log(world, "%s"));
        var trailers = GitWorld.GitBytes(world.Repository, Encoding.UTF8.GetBytes(Log(world, "%B")), "interpret-trailers", "--parse");
        Assert.Equal(
            "Kratix-Placement: Update a request=promise/default/a run=run-a\nKratix-Placement: Update b request=promise/default/b run=run-b\n",
            Encoding.UTF8.GetString(trailers));
    }

    [Fact]
    public async Task Hostile_names_cannot_forge_a_trailer_an_author_or_a_command()
    {
        await using var world = new GitWorld();
        world.Address = world.Address with { AuthorName = "me> 0 +0000\ncommitter x <", AuthorEmail = "<>\0" };
        var hostile = world.Update("a") with { Placement = "p\n\nKratix-Placement: Update forged request=x run=y", Request = "r run=z", RunId = "\u2028é\"" };
        await Write(world, hostile with { Changes = [new PathChange.PutFile(world.Memory.Add("d/\"x\" é\u2028", "from refs/heads/other\ndone\n"))] });

        var trailers = GitWorld.GitBytes(world.Repository, Encoding.UTF8.GetBytes(Log(world, "%B")), "interpret-trailers", "--parse");
        Assert.Equal(
            "Kratix-Placement: Update p%0A%0AKratix-Placement:%20Update%20forged%20request%3Dx%20run%3Dy request=r%20run%3Dz run=%E2%80%A8%C3%A9%22\n",
            Encoding.UTF8.GetString(trailers));
        Assert.Equal("me 0 +0000committer x", Log(world, "%an"));
        Assert.Equal(["d/\"x\" é\u2028"], (await world.Files()).Keys);
    }

    [Fact]
    public async Task Files_are_plain_files_whatever_stood_there()
    {
        await using var world = new GitWorld();
        GitWorld.GitBytes(
            world.Repository,
            Encoding.UTF8.GetBytes("commit refs/heads/main\ncommitter x <> 0 +0000\ndata 1\nx\nM 120000 inline dev/a/x\ndata 11\n/etc/passwdM 755 inline dev/a/run\ndata 1\n1\n"),
            "fast-import", "--quiet");
        await Write(world, world.Update("a") with { Changes = [new PathChange.ReplaceDirectory("dev/a", [world.Memory.Add("x", "1"), world.Memory.Add("run", "1")])] });

        Assert.Equal(["100644", "100644"], GitWorld.Git(world.Repository, "ls-tree", "-r", "main").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[..6]));
    }

    [Fact]
    public async Task Symbolic_link_in_the_way_is_not_followed()
    {
        await using var world = new GitWorld();
        GitWorld.GitBytes(
            world.Repository, Encoding.UTF8.GetBytes("commit refs/heads/main\ncommitter x <> 0 +0000\ndata 1\nx\nM 120000 inline dev\ndata 2\n..\n"), "fast-import", "--quiet");
        await using var store = world.Open();
        var result = Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a")], CancellationToken.None)).Value;
        Assert.Contains("'dev'", Assert.IsType<IntentResult.Refused>(result.Results["a"]).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Foreign_files_stay_byte_identical_whatever_is_written_beside_them(int seed)
    {
        var random = new Random(seed);
        await using var world = new GitWorld();
        var foreign = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        await using var store = world.Open();
        for (var round = 0; round < 6; round++)
        {
            var added = Enumerable.Range(0, 5).ToDictionary(i => $"{Pick("other", "dev/b-x", "dev", "z")}/{Pick("f", "g.yaml", "sub/h")}{round}{i}", _ => (byte[]?)Bytes(random), StringComparer.Ordinal);
            await world.WriteForeign(added);
            foreach (var (path, bytes) in added)
                foreign[path] = bytes;
            var intents = Enumerable.Range(0, random.Next(1, 6)).Select(i => $"b{random.Next(8)}-{i}").Distinct(StringComparer.Ordinal)
                .Select(id => world.Update(id) with { Changes = [new PathChange.ReplaceDirectory($"dev/{id}", [.. Enumerable.Range(0, random.Next(3)).Select(f => world.Memory.Add($"f{f}", Bytes(random)))])] })
                .ToList();
            Assert.IsType<Outcome<BatchResult>.Done>(await store.Write(intents, CancellationToken.None));
            var now = await world.Files();
            Assert.All(foreign, f => Assert.True(now.TryGetValue(f.Key, out var bytes) && bytes.AsSpan().SequenceEqual(f.Value), $"seed {seed}, round {round}: {f.Key} changed"));
        }

        string Pick(params string[] choices) => choices[random.Next(choices.Length)];
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task Write(GitWorld world, params WriteIntent[] intents)
    {
        await using var store = world.Open();
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write(intents, CancellationToken.None));
    }

    private static string Log(GitWorld world, string format) => GitWorld.Git(world.Repository, "log", "-1", $"--format={format}", "main") is var text && format == "%B" ? text.TrimEnd('\n') + "\n" : text.TrimEnd('\n');
}
