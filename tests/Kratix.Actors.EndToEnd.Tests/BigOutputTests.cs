using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Outputs at and beyond the bounds of <c>kratix.output</c>.</summary>
public sealed class BigOutputTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    private const int Most = 10_000;
    private const string HundredMegabytes = "[ \"$(field spec value)\" = small ] && bytes=1 || bytes=104857600; head -c $bytes /dev/zero > /kratix/output/image.bin";

    [Fact]
    public async Task Ten_thousand_files_are_written_and_one_more_is_refused_by_its_bound()
    {
        var corner = await shared.Corner("many-files");
        await corner.Install("for i in $(seq $(field spec replicas)); do echo \"i: $i\" > /kratix/output/$i.yaml; done");
        await corner.Kubectl.Apply(Many(Most));
        await corner.Reconciled("a");
        Assert.Equal(Most, (await corner.Repository.Files()).Count);
        Assert.Equal($"i: {Most}\n", await corner.Repository.Read($"{corner.FilesOf("a")}/{Most}.yaml"));

        await corner.Kubectl.Apply(Many(Most + 1));
        var refused = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Contains($"/kratix/output holds more than {Most} files (kratix.output.max-files)", refused.Text("status.message"), StringComparison.Ordinal);
        Assert.Equal(Most, (await corner.Repository.Files()).Count);

        await corner.Kubectl.Apply(Many(1));
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/1.yaml"], await corner.Repository.Files());

        JsonObject Many(int files) => corner.Thing("a", new JsonObject { ["replicas"] = files });
    }

    [Fact]
    public async Task A_file_beyond_its_bound_is_named_with_the_setting_and_repaired_by_a_smaller_one()
    {
        var corner = await shared.Corner("big-file");
        await corner.Install(HundredMegabytes);
        await corner.Request("a", "large");
        var refused = await corner.Until("a", "shows its failure", t => t.Has("Reconciled", "False"));
        Assert.Contains("/kratix/output/image.bin has 104857600 bytes, more than 67108864 (kratix.output.max-file-bytes)", refused.Text("status.message"), StringComparison.Ordinal);
        Assert.Empty(await corner.Repository.Files());

        await corner.Request("a", "small");
        await corner.Reconciled("a");
        Assert.Equal("1", (await SizeOf(corner, "image.bin")));
    }

    [Fact]
    public async Task A_file_of_100_megabytes_is_written_where_the_bound_allows_it()
    {
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data, "kratix.output.max-file-bytes=128MiB");
        var corner = await Corner.Make(platform, folder.In("bigger.git"), "bigger");
        await corner.Install(HundredMegabytes);
        await corner.Request("a", "large");
        await corner.Reconciled("a");
        Assert.Equal("104857600", await SizeOf(corner, "image.bin"));
    }

    private static async Task<string> SizeOf(Corner corner, string file) => (await corner.Repository.Git("cat-file", "-s", $"main:{corner.FilesOf("a")}/{file}")).Trim();
}
