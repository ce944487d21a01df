using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>The program as an image: the adapter of a run's Pod as on a cluster, and what the engine finds in it.</summary>
public sealed class AdapterImageTests : IClassFixture<ProgramImage>
{
    private const string Image = ProgramImage.Name;

    [Fact]
    [Conformance("K7", "A run's first and last container may be made from the program's image, as on a cluster: object and output pass through them.")]
    public async Task A_run_works_with_reader_and_writer_in_containers_of_the_image()
    {
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data, $"kratix.workflows.adapter-image={Image}", "kratix.standalone.node.network=host");
        var corner = await Corner.Make(platform, folder.In("repo.git"), "adapter");
        await corner.Install(corner.Promise(
            [Manifests.Pipeline("main", "mkdir /kratix/output/deep; field spec value > /kratix/output/deep/value.txt; echo 'size: large' > /kratix/metadata/status.yaml; env | grep -c RUN_TOKEN > /kratix/output/tokens.txt || true")],
            [Manifests.Pipeline("bye", "[ \"$(field metadata name)\" = a ]")]));
        await corner.Request("a");
        var thing = await corner.Reconciled("a");

        Assert.Equal("large", thing.Text("status.size"));
        Assert.Equal("one\n", await corner.Repository.Read($"{corner.FilesOf("a")}/deep/value.txt"));
        Assert.Equal("0\n", await corner.Repository.Read($"{corner.FilesOf("a")}/tokens.txt"));
        var pod = Assert.Single(await corner.Kubectl.List("pods", "-l", $"kratix.io/promise-name={corner.Name}"));
        Assert.Equal(Image, pod.Text("spec.initContainers.0.image"));
        Assert.Equal((Image, "65532"), (pod.Text("spec.containers.0.image"), pod.Text("spec.containers.0.securityContext.runAsUser")));
        Assert.Equal("Completed", pod.Text("status.containerStatuses.0.state.terminated.reason"));
        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.Empty(await corner.Repository.Files());
    }

    [Fact]
    public async Task An_output_that_breaks_a_rule_is_named_through_the_image_as_well()
    {
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data, $"kratix.workflows.adapter-image={Image}", "kratix.standalone.node.network=host");
        var corner = await Corner.Make(platform, folder.In("repo.git"), "adapter-refuses");
        await corner.Install("ln -s /etc/passwd /kratix/output/link");
        await corner.Request("a");

        var thing = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));

        Assert.Contains("link", thing.Text("status.message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--entrypoint=git", "--version", "git version")]
    [InlineData("--entrypoint=ssh", "-V", "OpenSSH")]
    [InlineData("--entrypoint=id", "-un", "kratix")]
    [InlineData("--entrypoint=dotnet", "--list-runtimes", "Microsoft.AspNetCore.App")]
    [InlineData("--read-only", "version", "kratix-actors ")]
    public async Task The_image_has_what_the_engine_needs(string option, string argument, string says)
    {
        var said = await Command.Try("podman", ["run", "--rm", "--pull=never", "--network=none", option, Image, argument]);

        Assert.True(said.ExitCode == 0 && said.All.Contains(says, StringComparison.Ordinal), said.All);
    }

    [Fact]
    public async Task The_image_refuses_a_cluster_without_the_name_of_its_adapter_and_says_what_is_right()
    {
        var said = await Command.Try("podman", ["run", "--rm", "--pull=never", "--network=none", Image, "up", "--set", "kratix.mode=cluster"]);

        Assert.Equal(2, said.ExitCode);
        Assert.Contains("kratix.workflows.adapter-image", said.All, StringComparison.Ordinal);
    }
}
