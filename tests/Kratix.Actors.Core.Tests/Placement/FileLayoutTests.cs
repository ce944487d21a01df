using Kratix.Actors.Core.Placement;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Placement;

public sealed class FileLayoutTests
{
    private static readonly WorkOwner Request = new("redis", "default", "example", EveryMatch: false);
    private static readonly WorkOwner Promise = new("redis", null, null, EveryMatch: true);
    private static readonly Location Nested = new("GitStateStore", "default", "destinations/worker-1", FilepathMode.NestedByMetadata, null);

    [Theory]
    [Conformance("R99", "In nestedByMetadata the files of requests and dependencies have the reference's paths.")]
    [InlineData("resources", "instance-configure", ".", "foo/cm.yaml", "destinations/worker-1/resources/default/redis/example/instance-configure/5058f/foo/cm.yaml")]
    [InlineData("resources", "instance-configure", "scheduled-dir", "scheduled-dir/a.yaml", "destinations/worker-1/resources/default/redis/example/instance-configure/70524/scheduled-dir/a.yaml")]
    [InlineData("dependencies", "promise-configure", ".", "crd.yaml", "destinations/worker-1/dependencies/redis/promise-configure/5058f/crd.yaml")]
    [InlineData("dependencies", FileLayout.StaticDependencies, ".", "static/redis-dependencies.yaml", "destinations/worker-1/dependencies/redis/5058f/static/redis-dependencies.yaml")]
    public void Nested_paths_are_the_reference_s(string kind, string pipeline, string directory, string file, string path)
    {
        var id = WorkloadGroup.IdOf(directory);
        var placement = Placed(FileLayout.DirectoryOf(kind == "resources" ? Request : Promise, pipeline, id[..5], Nested), Nested, Given.File(file));
        var change = Assert.IsType<PathChange.ReplaceDirectory>(Assert.Single(FileLayout.Changes(placement)));
        Assert.Equal(path, FileLayout.Join(change.Directory, Assert.Single(change.Files).Path));
        Assert.Empty(Assert.IsType<PathChange.ReplaceDirectory>(Assert.Single(FileLayout.Removal(placement))).Files);
    }

    [Fact]
    public void Nested_paths_start_at_the_root_when_neither_store_nor_destination_has_a_path() =>
        Assert.Equal("resources/default/redis/example/a/5058f", FileLayout.DirectoryOf(Request, "a", "5058f", Nested with { BasePath = "" }));

    [Fact]
    public void Flat_layout_puts_each_file_and_deletes_what_is_no_longer_made()
    {
        var flat = Nested with { Mode = FilepathMode.None, BasePath = "worker-1" };
        var placement = Placed(FileLayout.DirectoryOf(Request, "a", "5058f", flat), flat, Given.File("new.yaml")) with { Stale = [Given.File("old.yaml")] };
        Assert.Equal<PathChange>([new PathChange.DeleteFile("worker-1/old.yaml"), new PathChange.PutFile(Given.File("new.yaml") with { Path = "worker-1/new.yaml" })], FileLayout.Changes(placement));
        Assert.Equal<PathChange>([new PathChange.DeleteFile("worker-1/new.yaml"), new PathChange.DeleteFile("worker-1/old.yaml")], FileLayout.Removal(placement));
    }

    [Theory]
    [InlineData("a/b/c", "a", "", "b/", "/c")]
    [InlineData("a", ".", "a", "./")]
    [InlineData("", "", ".", "/")]
    public void Join_leaves_out_what_is_empty(string path, params string[] segments) => Assert.Equal(path, FileLayout.Join(segments));

    [Fact]
    public void Join_keeps_dot_dot_for_those_who_must_refuse_it() => Assert.Equal("a/../b", FileLayout.Join("a", "../b"));

    private static Core.Placement.Placement Placed(string directory, Location location, params FileEntry[] files) =>
        new("p", "worker-1", location, directory, [.. files], [], "w", 1, null, null, null);
}
