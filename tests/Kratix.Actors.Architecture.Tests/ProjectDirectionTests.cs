using System.Xml.Linq;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>The arrows of ARCHITECTURE.md, kept: one way, adapters never see each other, the Engine never sees an adapter.</summary>
public sealed class ProjectDirectionTests
{
    private static readonly Dictionary<string, string[]> MaySee = new()
    {
        ["Core"] = [],
        ["Ports"] = ["Core"],
        ["Kernel"] = [],
        ["Kubernetes"] = ["Core", "Ports"],
        ["StateStores"] = ["Core", "Ports"],
        ["Journal"] = ["Core", "Ports"],
        ["Standalone"] = ["Core", "Ports"],
        ["Engine"] = ["Core", "Ports", "Kernel"],
        ["Host"] = ["Core", "Ports", "Kernel", "Kubernetes", "StateStores", "Journal", "Standalone", "Engine"],
    };

    [Fact]
    public void Projects_are_those_of_the_diagram() =>
        Assert.Equal(MaySee.Keys.Order(StringComparer.Ordinal), Repository.Matching("src/", ".csproj").Select(NameOf).Order(StringComparer.Ordinal));

    [Fact]
    public void Project_references_follow_the_arrows()
    {
        var against = Repository.Matching("src/", ".csproj").SelectMany(
            project => References(project, "ProjectReference").Select(NameOf).Except(MaySee[NameOf(project)]), (project, seen) => $"{NameOf(project)} must not see {seen}");
        Assert.Empty(against);
    }

    [Theory]
    [InlineData("Core")]
    [InlineData("Kernel")]
    public void The_inner_rooms_use_no_package(string name) =>
        Assert.Empty(References($"src/Kratix.Actors.{name}/Kratix.Actors.{name}.csproj", "PackageReference").Concat(References($"src/Kratix.Actors.{name}/Kratix.Actors.{name}.csproj", "FrameworkReference")));

    [Fact]
    public void Nothing_shipped_refers_to_tests() =>
        Assert.DoesNotContain(Repository.Matching("src/", ".csproj").SelectMany(project => References(project, "ProjectReference")), reference => reference.Contains("tests/", StringComparison.Ordinal));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Text("Kratix.Actors.sln").Replace('\\', '/');
        Assert.DoesNotContain(Repository.Matching("", ".csproj"), project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal));
    }

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path).Replace("Kratix.Actors.", "", StringComparison.Ordinal);

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Parse(Repository.Text(project)).Descendants(kind).Select(reference => ((string)reference.Attribute("Include")!).Replace('\\', '/'));
}
