using System.Collections.Immutable;
using System.Text;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Xunit;

namespace Kratix.Actors.PortContracts;

/// <summary>One store under test: an address that can be opened, its contents, and a way to look at it and change it as others would.</summary>
public interface IStateStoreFixture : IAsyncDisposable
{
    IStateStores Stores { get; }

    IContentStore Contents { get; }

    StateStoreAddress Address { get; }

    /// <summary>The same store spelled otherwise, and another one beside it.</summary>
    (StateStoreAddress SameStore, StateStoreAddress OtherStore) Neighbours { get; }

    /// <summary>Whether a path is either a file or a directory; in a bucket it may be both.</summary>
    bool HasDirectories { get; }

    Task<ImmutableSortedDictionary<string, byte[]>> Files();

    /// <summary>Commits so far, also those of others; 0 for an empty store, null for one that knows no commits.</summary>
    Task<int?> Commits();

    /// <summary>Somebody else writes files (null: removes) in one commit.</summary>
    Task WriteForeign(IReadOnlyDictionary<string, byte[]?> files);
}

/// <summary>What the Engine relies on, whatever is behind the port.</summary>
public abstract partial class StateStoreContract
{
    protected abstract Task<IStateStoreFixture> NewFixture();

    [Fact]
    public async Task Write_into_an_empty_store_makes_the_first_commit()
    {
        await using var world = await NewFixture();
        var result = await Write(world, Update("a", "dev/a", ("x.yaml", "1"), ("sub/y.yaml", "2")));

        Assert.Equal(1, result.Pushes);
        await AssertWritten(world, result, "a", result.HeadCommit, changed: true);
        Assert.Equal(["dev/a/sub/y.yaml=2", "dev/a/x.yaml=1"], await Listing(world));
    }

    [Fact]
    public async Task Write_of_many_intents_is_one_commit_and_one_push()
    {
        await using var world = await NewFixture();
        var result = await Write(world, [.. Enumerable.Range(0, 40).Select(i => Update($"p{i}", $"dev/p{i}", ("x.yaml", $"{i}")))]);

        Assert.Equal(1, result.Pushes);
        await AssertCommits(world, 1);
        foreach (var id in result.Results.Keys)
            await AssertWritten(world, result, id, result.HeadCommit, changed: true);
        Assert.Equal(40, (await world.Files()).Count);
    }

    [Fact]
    public async Task Write_of_what_is_there_already_makes_no_commit()
    {
        await using var world = await NewFixture();
        var first = await Write(world, Update("a", "dev/a", ("x.yaml", "1")));
        var second = await Write(world, Update("a", "dev/a", ("x.yaml", "1")));

        Assert.Equal(0, second.Pushes);
        await AssertCommits(world, 1);
        await AssertWritten(world, second, "a", first.HeadCommit, changed: false);
        Assert.Equal(first.HeadCommit, second.HeadCommit);
    }

    [Fact]
    public async Task Write_tells_changed_intents_from_those_that_were_there()
    {
        await using var world = await NewFixture();
        await Write(world, Update("a", "dev/a", ("x.yaml", "1")));
        var result = await Write(world, Update("a", "dev/a", ("x.yaml", "1")), Update("b", "dev/b", ("x.yaml", "1")));

        Assert.False(Assert.IsType<IntentResult.Written>(result.Results["a"]).Changed);
        await AssertWritten(world, result, "b", result.HeadCommit, changed: true);
    }

    [Fact]
    public async Task ReplaceDirectory_holds_exactly_the_new_files_and_leaves_neighbours()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("dev/ab/x", "keep"), ("dev/a.txt", "keep"), ("dev/a/old", "old"), ("README.md", "keep")));
        await Write(world, Update("a", "dev/a", ("x", "1"), ("y/z", "2")));
        await Write(world, Update("a", "dev/a", ("y", "3")));

        Assert.Equal(["README.md=keep", "dev/a.txt=keep", "dev/a/y=3", "dev/ab/x=keep"], await Listing(world));
    }

    [Fact]
    public async Task ReplaceDirectory_without_files_removes_it_and_a_missing_one_is_fine()
    {
        await using var world = await NewFixture();
        await Write(world, Update("a", "dev/a", ("x", "1")), Update("b", "dev/b", ("x", "1")));
        var gone = await Write(world, Remove("a", "dev/a"));
        var again = await Write(world, Remove("a", "dev/a"));

        Assert.True(Assert.IsType<IntentResult.Written>(gone.Results["a"]).Changed);
        Assert.False(Assert.IsType<IntentResult.Written>(again.Results["a"]).Changed);
        Assert.Equal(["dev/b/x=1"], await Listing(world));
    }

    [Fact]
    public async Task PutFile_and_DeleteFile_touch_only_their_file()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("d/one", "1"), ("d/two", "2")));
        await Write(world, Intent("a", new PathChange.PutFile(await Entry(world, "d/three", "3")), new PathChange.DeleteFile("d/one"), new PathChange.DeleteFile("d/none")));

        Assert.Equal(["d/three=3", "d/two=2"], await Listing(world));
    }

    [Fact]
    public async Task Write_on_top_of_somebody_elses_commit_keeps_it()
    {
        await using var world = await NewFixture();
        var stores = world.Stores;
        await using var store = Opened(stores, world.Address);
        Done(await store.Write([await Update("a", "dev/a", ("x", "1"))(world)], CancellationToken.None));
        await world.WriteForeign(Foreign(("other/file", "bytes\r\n\0")));
        var result = Done(await store.Write([await Update("b", "dev/b", ("x", "1"))(world)], CancellationToken.None));

        Assert.True(Assert.IsType<IntentResult.Written>(result.Results["b"]).Changed);
        Assert.Equal(["dev/a/x=1", "dev/b/x=1", "other/file=bytes\r\n\0"], await Listing(world));
    }

    [Fact]
    public async Task Write_repairs_what_somebody_else_changed()
    {
        await using var world = await NewFixture();
        await using var store = Opened(world.Stores, world.Address);
        Done(await store.Write([await Update("a", "dev/a", ("x", "1"))(world)], CancellationToken.None));
        await world.WriteForeign(Foreign(("dev/a/x", "edited")));
        var result = Done(await store.Write([await Update("a", "dev/a", ("x", "1"))(world)], CancellationToken.None));

        Assert.True(Assert.IsType<IntentResult.Written>(result.Results["a"]).Changed);
        Assert.Equal(["dev/a/x=1"], await Listing(world));
    }

    [Fact]
    public async Task Write_keeps_any_bytes()
    {
        await using var world = await NewFixture();
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var digest = await world.Contents.Put(bytes, CancellationToken.None);
        await Write(world, _ => Task.FromResult(Intent("a", new PathChange.PutFile(new FileEntry("dev/ü \"quoted\" name", digest, 256)))));

        Assert.Equal(bytes, (await world.Files())["dev/ü \"quoted\" name"]);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("./a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData(".git/hooks/post-checkout")]
    [InlineData("sub/.GIT/config")]
    [InlineData("sub/git~1/config")]
    [InlineData("sub/.git. /config")]
    [InlineData("sub/.git::$INDEX_ALLOCATION/config")]
    [InlineData("sub/.g\u200cit/config")]
    [InlineData("unpaired surrogate")]
    public async Task Write_refuses_a_path_that_escapes_and_writes_the_others(string path)
    {
        await using var world = await NewFixture();
        // An attribute cannot carry it: the compiler replaces it by a valid character.
        path = path == "unpaired surrogate" ? "a\ud800" : path;
        var entry = await Entry(world, path, "evil");
        var result = await Write(
            world,
            _ => Task.FromResult(Intent("file", new PathChange.PutFile(entry))),
            _ => Task.FromResult(Intent("delete", new PathChange.DeleteFile(path))),
            _ => Task.FromResult(Intent("inside", new PathChange.ReplaceDirectory("dev/inside", [entry]))),
            _ => Task.FromResult(Intent("directory", new PathChange.ReplaceDirectory(path, [entry with { Path = "x" }]))),
            Update("good", "dev/good", ("x", "1")));

        Assert.All(["file", "delete", "inside", "directory"], id => Assert.Contains("path", Assert.IsType<IntentResult.Refused>(result.Results[id]).Reason, StringComparison.Ordinal));
        Assert.True(Assert.IsType<IntentResult.Written>(result.Results["good"]).Changed);
        Assert.Equal(["dev/good/x=1"], await Listing(world));
    }

    [Fact]
    public async Task Write_refuses_two_placements_that_claim_one_path_and_names_both()
    {
        await using var world = await NewFixture();
        var one = await Entry(world, "shared.yaml", "1");
        var other = await Entry(world, "shared.yaml", "2");
        var result = await Write(
            world,
            _ => Task.FromResult(Intent("one", new PathChange.PutFile(one))),
            _ => Task.FromResult(Intent("other", new PathChange.PutFile(other))),
            Update("above", "d", ("x", "1")), Update("below", "d/e", ("x", "1")),
            Update("good", "dev/good", ("x", "1")));

        foreach (var (first, second, path) in new[] { ("one", "other", "shared.yaml"), ("other", "one", "shared.yaml"), ("above", "below", "d"), ("below", "above", "d") })
        {
            var reason = Assert.IsType<IntentResult.Refused>(result.Results[first]).Reason;
            Assert.Contains($"'{first}'", reason, StringComparison.Ordinal);
            Assert.Contains($"'{second}'", reason, StringComparison.Ordinal);
            Assert.Contains($"'{path}'", reason, StringComparison.Ordinal);
        }

        Assert.Equal(["dev/good/x=1"], await Listing(world));
    }

    [Fact]
    public async Task Write_refuses_to_put_a_file_where_a_directory_is_and_the_other_way_round()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("file", "1"), ("dir/x", "1")));
        var onDirectory = await Entry(world, "dir", "2");
        var result = await Write(
            world,
            Update("below", "file/sub", ("x", "2")), Update("at", "file", ("x", "2")),
            _ => Task.FromResult(Intent("on", new PathChange.PutFile(onDirectory))),
            Update("good", "dev/good", ("x", "1")));

        Assert.IsType<IntentResult.Refused>(result.Results["below"]);
        Assert.Equal(world.HasDirectories, result.Results["on"] is IntentResult.Refused);
        Assert.Equal(
            world.HasDirectories ? ["dev/good/x=1", "dir/x=1", "file=1"] : ["dev/good/x=1", "dir=2", "dir/x=1", "file=1"], await Listing(world));
    }

    [Fact]
    public async Task Removal_leaves_what_another_placement_of_the_batch_wants()
    {
        await using var world = await NewFixture();
        await Write(world, Update("old", "dev/a", ("x", "1"), ("y", "1")));
        await Write(world, Update("new", "dev/a", ("x", "2")), Remove("old", "dev/a"));

        Assert.Equal(["dev/a/x=2"], await Listing(world));
    }

    [Fact]
    public async Task Later_intent_of_the_same_placement_wins()
    {
        await using var world = await NewFixture();
        var result = await Write(
            world,
            async w => await Update("a", "dev/a", ("x", "1"))(w) with { Id = "first" },
            async w => await Update("a", "dev/a", ("x", "2"))(w) with { Id = "second" });

        Assert.All(result.Results.Values, r => Assert.IsType<IntentResult.Written>(r));
        Assert.Equal(["dev/a/x=2"], await Listing(world));
    }

    [Fact]
    public async Task Changes_that_cancel_out_make_no_commit()
    {
        await using var world = await NewFixture();
        await Write(world, Update("b", "dev/b", ("x", "1")));
        var result = await Write(world, Update("a", "dev/a", ("x", "1")), async w => await Remove("a", "dev/a")(w) with { Id = "undone" });

        Assert.Equal(0, result.Pushes);
        await AssertCommits(world, 1);
        Assert.All(result.Results.Values, r => Assert.False(Assert.IsType<IntentResult.Written>(r).Changed));
    }

    [Fact]
    public async Task Write_refuses_an_intent_whose_content_was_never_stored()
    {
        await using var world = await NewFixture();
        var result = await Write(
            world,
            _ => Task.FromResult(Intent("a", new PathChange.PutFile(new FileEntry("dev/x", new string('0', 64), 1)))),
            Update("good", "dev/good", ("x", "1")));

        Assert.Contains("dev/x", Assert.IsType<IntentResult.Refused>(result.Results["a"]).Reason, StringComparison.Ordinal);
        Assert.Equal(["dev/good/x=1"], await Listing(world));
    }

    [Fact]
    public async Task Two_spellings_of_one_store_have_one_key_and_two_stores_have_two()
    {
        await using var world = await NewFixture();
        Assert.Equal(Done(world.Stores.KeyOf(world.Address)), Done(world.Stores.KeyOf(world.Neighbours.SameStore)));
        Assert.NotEqual(Done(world.Stores.KeyOf(world.Address)), Done(world.Stores.KeyOf(world.Neighbours.OtherStore)));
    }

    [Fact]
    public async Task Nothing_is_pushed_while_what_is_asked_before_a_push_says_no()
    {
        await using var world = await NewFixture();
        await Write(world, Update("a", "dev/a", ("x", "1")));
        Outcome<Nothing> leave = new Outcome<Nothing>.Transient("another engine has taken over");
        await using var store = Done(world.Stores.Open(world.Address, () => Task.FromResult(leave)));
        var intent = await Update("b", "dev/b", ("x", "1"))(world);

        Assert.Contains("another engine has taken over", Assert.IsType<Outcome<BatchResult>.Transient>(await store.Write([intent], CancellationToken.None)).Reason, StringComparison.Ordinal);
        await AssertCommits(world, 1);
        leave = new Outcome<Nothing>.Done(default);
        Assert.Equal(1, Done(await store.Write([intent], CancellationToken.None)).Pushes);
        Assert.Equal(["dev/a/x=1", "dev/b/x=1"], await Listing(world));
    }

    [Fact]
    public async Task CheckAccess_changes_nothing()
    {
        await using var world = await NewFixture();
        await using var store = Opened(world.Stores, world.Address);
        Done(await store.CheckAccess(CancellationToken.None));
        await AssertCommits(world, 0);
        Done(await store.Write([await Update("a", "dev/a", ("x", "1"))(world)], CancellationToken.None));
        Done(await store.CheckAccess(CancellationToken.None));
        await AssertCommits(world, 1);
    }

    private static async Task AssertCommits(IStateStoreFixture world, int commits) => Assert.Equal(await world.Commits() is null ? null : commits, await world.Commits());

    /// <summary>With this commit's id, where there are commits; with an id of its own in any case.</summary>
    private static async Task AssertWritten(IStateStoreFixture world, BatchResult result, string id, string commit, bool changed)
    {
        var written = Assert.IsType<IntentResult.Written>(result.Results[id]);
        Assert.Equal(changed, written.Changed);
        Assert.NotEqual("", written.CommitId);
        if (await world.Commits() is not null)
            Assert.Equal(commit, written.CommitId);
    }

    protected static IStateStore Opened(IStateStores stores, StateStoreAddress address) => Done(stores.Open(address));

    protected static T Done<T>(Outcome<T> outcome) => outcome is Outcome<T>.Done done ? done.Value : throw new InvalidOperationException($"not done: {outcome.Failure}");

    protected static WriteIntent Intent(string id, params PathChange[] changes) => new(id, id, "Update", $"promise/default/{id}", $"run-{id}", [.. changes]);

    protected static Func<IStateStoreFixture, Task<WriteIntent>> Update(string id, string directory, params (string Path, string Content)[] files) => async world =>
        Intent(id, new PathChange.ReplaceDirectory(directory, await Entries(world, files)));

    protected static Func<IStateStoreFixture, Task<WriteIntent>> Remove(string id, string directory) =>
        _ => Task.FromResult(Intent(id, new PathChange.ReplaceDirectory(directory, [])) with { Action = "Delete" });

    protected static async Task<FileEntry> Entry(IStateStoreFixture world, string path, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        return new FileEntry(path, await world.Contents.Put(bytes, CancellationToken.None), bytes.Length);
    }

    /// <summary>A batch through a store opened for it alone, as after a restart.</summary>
    protected static async Task<BatchResult> Write(IStateStoreFixture world, params Func<IStateStoreFixture, Task<WriteIntent>>[] intents)
    {
        await using var store = Opened(world.Stores, world.Address);
        var made = new List<WriteIntent>();
        foreach (var intent in intents)
            made.Add(await intent(world));
        return Done(await store.Write(made, CancellationToken.None));
    }

    protected static async Task<string[]> Listing(IStateStoreFixture world) => [.. (await world.Files()).Select(f => $"{f.Key}={Encoding.UTF8.GetString(f.Value)}")];

    protected static Dictionary<string, byte[]?> Foreign(params (string Path, string Content)[] files) =>
        files.ToDictionary(f => f.Path, f => (byte[]?)Encoding.UTF8.GetBytes(f.Content), StringComparer.Ordinal);

    private static Task<BatchResult> Write(IStateStoreFixture world, WriteIntent intent) => Write(world, _ => Task.FromResult(intent));
}
