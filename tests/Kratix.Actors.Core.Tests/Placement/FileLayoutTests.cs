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
        var change = Assert.IsType<PathChange.ReplaceDirectory>(Assert.Single(FileLayout.Changes(placement, "default")));
        Assert.Equal(path, FileLayout.Join(change.Directory, Assert.Single(change.Files).Path));
        Assert.Empty(Assert.IsType<PathChange.ReplaceDirectory>(Assert.Single(FileLayout.Removal(placement, "default"))).Files);
    }

    [Fact]
    public void Nested_paths_start_at_the_root_when_neither_store_nor_destination_has_a_path() =>
        Assert.Equal("resources/default/redis/example/a/5058f", FileLayout.DirectoryOf(Request, "a", "5058f", Nested with { BasePath = "" }));

    [Fact]
    [Conformance("R100", "In the mode none files lie flat below the Destination's path, beside a list of them in .kratix/NAMESPACE-PLACEMENT.yaml.")]
    public void Flat_layout_names_its_files_and_those_no_longer_made()
    {
        var flat = Nested with { Mode = FilepathMode.None, BasePath = "worker-1" };
        var placement = Placed(FileLayout.DirectoryOf(Request, "a", "5058f", flat), flat, Given.File("new.yaml")) with { Stale = [Given.File("old.yaml")] };

        var change = Assert.IsType<PathChange.ReplaceListed>(Assert.Single(FileLayout.Changes(placement, "default")));
        Assert.Equal("worker-1/.kratix/default-p.yaml", change.Listing);
        Assert.Equal(["worker-1/new.yaml"], change.Files.Select(f => f.Path));
        Assert.Equal<string>(["worker-1/old.yaml"], change.Former);
        var removal = Assert.IsType<PathChange.ReplaceListed>(Assert.Single(FileLayout.Removal(placement, "default")));
        Assert.Empty(removal.Files);
        Assert.Equal<string>(["worker-1/new.yaml", "worker-1/old.yaml"], removal.Former);
    }

    [Theory]
    [InlineData(null, "worker-1/aggregated.yaml")]
    [InlineData("all.yaml", "worker-1/all.yaml")]
    [Conformance("R101", "In the mode aggregatedYAML a Destination has one file, named by spec.filepath.filename.")]
    public void Aggregated_layout_is_one_section_of_one_file(string? filename, string path)
    {
        var location = Nested with { Mode = FilepathMode.AggregatedYaml, BasePath = "worker-1", Filename = filename };
        var placement = Placed(FileLayout.DirectoryOf(Request, "a", "5058f", location), location, Given.File("x.yaml"));

        var change = Assert.IsType<PathChange.ReplaceSection>(Assert.Single(FileLayout.Changes(placement, "default")));
        Assert.Equal((path, "default/p", 1), (change.Path, change.Section, change.Files.Length));
        Assert.Equal(change with { Files = [] }, Assert.Single(FileLayout.Removal(placement, "default")));
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
