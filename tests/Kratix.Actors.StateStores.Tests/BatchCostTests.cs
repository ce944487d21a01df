using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class BatchCostTests
{
    [Theory, Conformance("K24", "What a batch costs does not depend on how much the repository holds: three processes, one exchange with the remote, and the directories on the way to its paths.")]
    [InlineData(1)]
    [InlineData(500)]
    public async Task Batch_is_three_processes_and_reads_only_the_directories_on_the_way(int others)
    {
        await using var world = new GitWorld();
        await world.WriteForeign(Enumerable.Range(0, others).ToDictionary(i => $"other/{i}/deep/file", _ => (byte[]?)[1], StringComparer.Ordinal));
        await world.WriteForeign(Enumerable.Range(0, others).ToDictionary(i => $"dev/p{i}/x", _ => (byte[]?)[1], StringComparer.Ordinal));
        var wrapper = world.Script("git-that-counts", $"""
            for word do case $word in -*) ;; *) echo "$word" >> '{world.Root}/commands'; break;; esac; done
            case " $* " in *" cat-file "*) tee -a '{world.Root}/questions' | git "$@"; exit;; esac
            exec git "$@"
            """);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper });
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("first")], CancellationToken.None));
        foreach (var counted in new[] { "commands", "questions" })
            File.Delete(Path.Combine(world.Root, counted));

        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a"), world.Update("b"), world.Update("p0", "2")], CancellationToken.None));

        Assert.Equal(["cat-file", "fast-import", "push"], await File.ReadAllLinesAsync(Path.Combine(world.Root, "commands")));
        // The root, dev and dev/p0; nothing is in dev/a and dev/b yet.
        Assert.Equal(3, (await File.ReadAllLinesAsync(Path.Combine(world.Root, "questions"))).Length);
    }
}
