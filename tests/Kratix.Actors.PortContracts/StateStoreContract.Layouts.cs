using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.StateStores;
using Xunit;

namespace Kratix.Actors.PortContracts;

/// <summary>Placements whose files lie among those of others (mode <c>none</c>), and placements that share a file (<c>aggregatedYAML</c>).</summary>
public abstract partial class StateStoreContract
{
    [Fact]
    public async Task Intents_that_would_change_something_are_told_and_nothing_is_written()
    {
        await using var world = await NewFixture();
        Func<IStateStoreFixture, Task<WriteIntent>>[] wanted =
            [Update("nested", "dev/nested", ("a.yaml", "a")), Listed("listed", [], ("dev/flat.yaml", "f")), Section("shared", ("a.yaml", "s: 1\n"))];
        Assert.Equal(["listed", "nested", "shared"], await Differing(world, wanted));
        Assert.Empty(await Listing(world));

        await Write(world, wanted);
        Assert.Empty(await Differing(world, wanted));
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/nested/a.yaml"] = null });

        var before = await Listing(world);
        Assert.Equal(["nested"], await Differing(world, wanted));
        Assert.Equal(before, await Listing(world));

        await world.WriteForeign(Foreign(("dev/flat.yaml", "changed"), ("dev/all.yaml", "# kratix.io/placement: default/other\no: 1\n")));
        Assert.Equal(["listed", "nested", "shared"], await Differing(world, wanted));

        await Write(world, wanted);
        Assert.Empty(await Differing(world, wanted));
    }

    [Fact]
    public async Task Listed_files_are_replaced_and_removed_by_their_list_and_nothing_else_is()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("dev/foreign.yaml", "keep")));
        await Write(world, Listed("a", [], ("dev/one.yaml", "1"), ("dev/sub/two.yaml", "2")), Listed("b", [], ("dev/b.yaml", "b")));
        Assert.Equal(
            ["dev/.kratix/default-a.yaml=files:\n- 'dev/one.yaml'\n- 'dev/sub/two.yaml'\n", "dev/.kratix/default-b.yaml=files:\n- 'dev/b.yaml'\n", "dev/b.yaml=b", "dev/foreign.yaml=keep", "dev/one.yaml=1", "dev/sub/two.yaml=2"],
            await Listing(world));

        await Write(world, Listed("a", [], ("dev/one.yaml", "changed")));
        await Write(world, Listed("b", []));
        Assert.Equal(["dev/.kratix/default-a.yaml=files:\n- 'dev/one.yaml'\n", "dev/foreign.yaml=keep", "dev/one.yaml=changed"], await Listing(world));
        Assert.Equal(0, (await Write(world, Listed("a", [], ("dev/one.yaml", "changed")))).Pushes);
    }

    [Fact]
    public async Task Listed_files_whose_list_is_gone_are_removed_by_what_the_writer_remembers()
    {
        await using var world = await NewFixture();
        await Write(world, Listed("a", [], ("dev/one.yaml", "1")));
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["dev/.kratix/default-a.yaml"] = null });

        await Write(world, Listed("a", ["dev/one.yaml"]));
        Assert.Empty(await Listing(world));
    }

    [Fact]
    public async Task Listed_file_of_another_placement_is_not_taken_over_and_both_are_named()
    {
        await using var world = await NewFixture();
        await Write(world, Listed("a", [], ("dev/same.yaml", "a")));
        var result = await Write(world, Listed("b", [], ("dev/same.yaml", "b"), ("dev/b.yaml", "b")), Listed("c", [], ("dev/c.yaml", "c")));

        var reason = Assert.IsType<IntentResult.Refused>(result.Results["b"]).Reason;
        Assert.Contains("'b'", reason, StringComparison.Ordinal);
        Assert.Contains("'default-a'", reason, StringComparison.Ordinal);
        Assert.Contains("'dev/same.yaml'", reason, StringComparison.Ordinal);
        Assert.IsType<IntentResult.Written>(result.Results["c"]);

        // What it wanted and never had is nothing it could take back.
        await Write(world, Listed("b", ["dev/same.yaml", "dev/b.yaml"]));
        Assert.Contains("dev/same.yaml=a", await Listing(world));

        await Write(world, Listed("a", []), Listed("b", [], ("dev/same.yaml", "b")));
        Assert.Contains("dev/same.yaml=b", await Listing(world));
    }

    [Fact]
    public async Task List_that_somebody_changed_gives_no_hold_on_files_outside_its_directory()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("prod/keep.yaml", "keep"), ("dev/.kratix/default-a.yaml", "files:\n- prod/keep.yaml\n- dev/../prod/keep.yaml\n- dev/old.yaml\n"), ("dev/old.yaml", "old")));
        await Write(world, Listed("a", [], ("dev/new.yaml", "new")));

        Assert.Equal(["dev/.kratix/default-a.yaml=files:\n- 'dev/new.yaml'\n", "dev/new.yaml=new", "prod/keep.yaml=keep"], await Listing(world));
    }

    [Fact]
    public async Task Sections_of_one_file_are_replaced_and_removed_one_by_one()
    {
        await using var world = await NewFixture();
        await Write(world, Section("b", ("2.yaml", "b: 2\n"), ("1.yaml", "b: 1")));
        await Write(world, Section("a", ("x.yaml", "a: 1\n")), Section("c", ("x.yaml", "c: 1\n")));
        Assert.Equal(
            ["dev/all.yaml=# kratix.io/placement: default/a\na: 1\n---\n# kratix.io/placement: default/b\nb: 1\n---\nb: 2\n---\n# kratix.io/placement: default/c\nc: 1\n"],
            await Listing(world));

        var result = await Write(world, Section("a"), Section("b", ("1.yaml", "b: 3\n")), Section("c", ("x.yaml", "c: 1\n")));
        Assert.Equal(["dev/all.yaml=# kratix.io/placement: default/b\nb: 3\n---\n# kratix.io/placement: default/c\nc: 1\n"], await Listing(world));
        Assert.False(Assert.IsType<IntentResult.Written>(result.Results["c"]).Changed);

        await Write(world, Section("b"), Section("c"));
        Assert.Empty(await Listing(world));
    }

    [Fact]
    public async Task Section_and_whole_file_at_one_path_are_refused_by_name()
    {
        await using var world = await NewFixture();
        var whole = await Entry(world, "dev/all.yaml", "x: 1");
        var result = await Write(world, Section("a", ("x.yaml", "a: 1\n")), _ => Task.FromResult(Intent("b", new PathChange.PutFile(whole))));
        Assert.All(result.Results.Values, r => Assert.Contains("placements 'a' (promise/default/a) and 'b' (promise/default/b) both claim 'dev/all.yaml'", Assert.IsType<IntentResult.Refused>(r).Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Section_does_not_go_into_somebody_elses_file()
    {
        await using var world = await NewFixture();
        await world.WriteForeign(Foreign(("dev/all.yaml", "somebody: else\n")));
        var result = await Write(world, Section("a", ("x.yaml", "a: 1\n")));
        Assert.Contains("somebody else", Assert.IsType<IntentResult.Refused>(result.Results["a"]).Reason, StringComparison.Ordinal);
        Assert.Equal(["dev/all.yaml=somebody: else\n"], await Listing(world));
    }

    [Fact]
    public async Task Content_that_reads_like_the_beginning_of_a_section_is_refused()
    {
        await using var world = await NewFixture();
        var result = await Write(world, Section("a", ("x.yaml", "a: 1\n# kratix.io/placement: default/b\nb: 1\n")), Section("b", ("x.yaml", "b: 1\n")));
        Assert.Contains("'x.yaml'", Assert.IsType<IntentResult.Refused>(result.Results["a"]).Reason, StringComparison.Ordinal);
        Assert.Equal(["dev/all.yaml=# kratix.io/placement: default/b\nb: 1\n"], await Listing(world));
    }

    private static async Task<IEnumerable<string>> Differing(IStateStoreFixture world, Func<IStateStoreFixture, Task<WriteIntent>>[] intents)
    {
        await using var store = Opened(world.Stores, world.Address);
        return Done(await store.Differing([.. await Task.WhenAll(intents.Select(i => i(world)))], CancellationToken.None)).Order(StringComparer.Ordinal);
    }

    protected static Func<IStateStoreFixture, Task<WriteIntent>> Listed(string id, string[] former, params (string Path, string Content)[] files) => async world =>
        Intent(id, new PathChange.ReplaceListed($"dev/.kratix/default-{id}.yaml", await Entries(world, files), [.. former]));

    protected static Func<IStateStoreFixture, Task<WriteIntent>> Section(string id, params (string Path, string Content)[] files) => async world =>
        Intent(id, new PathChange.ReplaceSection("dev/all.yaml", $"default/{id}", await Entries(world, files)));

    private static async Task<ImmutableArray<FileEntry>> Entries(IStateStoreFixture world, (string Path, string Content)[] files)
    {
        var entries = ImmutableArray.CreateBuilder<FileEntry>();
        foreach (var (path, content) in files)
            entries.Add(await Entry(world, path, content));
        return entries.ToImmutable();
    }
}
