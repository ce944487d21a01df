using System.Formats.Tar;
using System.Text;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class OutputReaderTests
{
    [Fact, Conformance("K8", "Output may have sub-directories and any file type, byte for byte.")]
    [Conformance("R44", "Sub-directories in /kratix/output are kept.")]
    [Conformance("R45", "Files of any kind are written byte for byte.")]
    public async Task Files_are_read_byte_for_byte_in_any_depth()
    {
        var contents = new InMemoryContentStore();
        byte[] bytes = [0, 255, 10, 13, 0];
        var (output, unstored) = await new OutputReader(contents, Samples.Limits).Read(
            Samples.Tar(tar => Samples.File(tar, "output/a/b/c.bin", bytes)), CancellationToken.None);

        var file = Assert.Single(output.Files);
        Assert.Equal("a/b/c.bin", file.Path);
        Assert.Equal(bytes, Assert.Single(unstored).ToArray());
        Assert.Equal(Digest.Of(bytes), file.Digest);
    }

    [Fact]
    public async Task Many_files_are_stored_while_they_are_read_and_only_the_last_few_held()
    {
        var contents = new InMemoryContentStore();
        var (output, unstored) = await new OutputReader(contents, Samples.Limits).Read(
            Samples.Tar([.. Enumerable.Range(0, 70).Select(n => ($"output/{n:00}.yaml", $"n: {n}\n"))]), CancellationToken.None);

        Assert.Equal(70, output.Files.Length);
        Assert.Equal(6, unstored.Count);
        var known = unstored.Select(u => Digest.Of(u.Span)).ToHashSet();
        foreach (var file in output.Files)
            Assert.True(known.Contains(file.Digest) || await contents.Get(file.Digest, CancellationToken.None) is not null);
    }

    [Theory]
    [InlineData("output/../x", "'../x' has the segment '..', which leaves its directory")]
    [InlineData("output/a//b", "'a//b' has an empty segment")]
    [InlineData("output/./b", "'./b' has the segment '.'")]
    [InlineData("output/a\\b", "'a\\b' has a backslash")]
    [InlineData("output/.git/config", "'.git/config' has the segment '.git', which is git's own folder")]
    [InlineData("output/sub/.GIT/hooks/post-checkout", "'.GIT', which is git's own folder")]
    [InlineData("output/git~1/config", "'git~1', which is git's own folder")]
    [InlineData("output/.git. /config", "'.git. ', which is git's own folder")]
    [InlineData("output/.g\u200cit/config", "git's own folder")]
    [InlineData("etc/passwd", "is outside /kratix/output")]
    [InlineData("../output/x", "is outside /kratix/output")]
    [Conformance("K9", "Paths that leave the directory are refused by name.")]
    [Conformance("R113", "A path that leaves its directory is refused when the output is read.")]
    public async Task Path_that_is_not_allowed_is_refused_by_name(string path, string reason) =>
        Assert.Contains(reason, await Refusal(Samples.Tar((path, "x"))), StringComparison.Ordinal);

    [Fact]
    public async Task Name_that_no_file_system_could_check_out_is_refused() =>
        Assert.Contains("longer than 255 bytes", await Refusal(Samples.Tar(("output/" + new string('ü', 128), "x"))), StringComparison.Ordinal);

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "is a link to \"/etc/passwd\"")]
    [InlineData(TarEntryType.HardLink, "is a link to \"/etc/passwd\"")]
    [InlineData(TarEntryType.CharacterDevice, "is a CharacterDevice")]
    [InlineData(TarEntryType.BlockDevice, "is a BlockDevice")]
    [InlineData(TarEntryType.Fifo, "is a Fifo")]
    [Conformance("K9", "Symbolic links and devices are refused by name.")]
    public async Task Entry_that_is_no_file_is_refused_by_name(TarEntryType type, string reason)
    {
        var tar = Samples.Tar(writer =>
        {
            var entry = new PaxTarEntry(type, "output/here");
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                entry.LinkName = "/etc/passwd";
            writer.WriteEntry(entry);
        });

        Assert.Contains($"/kratix/output/here {reason}", await Refusal(tar), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4097, 1, "/tekton/results/0 has 4097 bytes; a result has at most 4096")]
    [InlineData(1, 65, "/tekton/results holds more than 64 files")]
    public async Task Results_have_limits(int bytes, int count, string reason) => Assert.Contains(
        reason, await Refusal(Samples.Tar([.. Enumerable.Range(0, count).Select(i => ($"results/{i}", new string('x', bytes)))])), StringComparison.Ordinal);

    [Fact]
    public async Task Result_that_is_a_link_is_refused() => Assert.Contains(
        "/tekton/results/url is a SymbolicLink, not a regular file",
        await Refusal(Samples.Tar(tar => tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "results/url") { LinkName = "/etc/passwd" }))), StringComparison.Ordinal);

    [Fact]
    public async Task Metadata_that_is_a_link_is_refused()
    {
        var tar = Samples.Tar(writer => writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "metadata/status.yaml") { LinkName = "/etc/shadow" }));

        Assert.Contains("/kratix/metadata/status.yaml is a SymbolicLink", await Refusal(tar), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_are_named_with_their_setting()
    {
        var few = new OutputLimits(OutputValidation.None, 2, 100, 10);
        Assert.Contains("kratix.output.max-files", await Refusal(Samples.Tar(("output/1", ""), ("output/2", ""), ("output/3", "")), few), StringComparison.Ordinal);
        Assert.Contains("kratix.output.max-file-bytes", await Refusal(Samples.Tar(("output/1", new string('x', 11))), few), StringComparison.Ordinal);
        var small = few with { MaxFiles = 100, MaxBytes = 15 };
        Assert.Contains("kratix.output.max-bytes", await Refusal(Samples.Tar(("output/1", "0123456789"), ("output/2", "0123456789")), small), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("output/a.yaml", "a: [1\n", "/kratix/output/a.yaml line ")]
    [InlineData("output/sub/a.json", "{\"a\": ", "/kratix/output/sub/a.json line ")]
    [Conformance("K8", "A violation names file, line and reason.")]
    public async Task Document_that_does_not_parse_is_refused_with_file_and_line(string path, string text, string reason) =>
        Assert.StartsWith(reason, Assert.Single((await Read(Samples.Tar((path, text)))).Violations).Reason, StringComparison.Ordinal);

    [Fact]
    public async Task Validation_none_takes_what_does_not_parse() =>
        Assert.Single((await Read(Samples.Tar(("output/a.yaml", "a: [1\n")), Samples.Limits with { Validation = OutputValidation.None })).Files);

    [Theory]
    [InlineData("output/sub/a.yaml", "a: 1\n", "sub-directory")]
    [InlineData("output/a.yaml", "a: 1\n", "without apiVersion, kind or metadata.name")]
    public async Task Validation_kubernetes_wants_objects_in_the_root(string path, string text, string reason) =>
        Assert.Contains(reason, Assert.Single((await Read(Samples.Tar((path, text)), Samples.Limits with { Validation = OutputValidation.Kubernetes })).Violations).Reason, StringComparison.Ordinal);

    [Fact]
    public async Task Files_are_looked_at_by_every_rule_and_of_each_directory_one_is_named_for_each()
    {
        var tar = Samples.Tar(
            ("output/logo.png", "\u0089PNG\0\u0001: [{"), ("output/readme.md", "# a: b: c"), ("output/charts/a.tgz", "x"), ("output/charts/deep/b.yaml", "a: [1"), ("output/charts/c.yaml", "a: [1"),
            ("output/fine.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"));
        var (output, _) = await new OutputReader(new InMemoryContentStore(), Samples.Limits with { Validation = OutputValidation.None }).Read(tar, CancellationToken.None);

        Assert.Equal(6, output.Files.Length);
        Assert.Equal(
            ["logo.png Kubernetes", "charts/a.tgz Kubernetes", "charts/deep/b.yaml Yaml"],
            output.Violations.Select(v => $"{v.Path} {v.Level}"));
    }

    [Fact]
    public async Task Archive_cut_anywhere_is_not_taken_for_a_smaller_one()
    {
        var whole = Samples.Tar(("output/a.yaml", "a: 1\n"), ("output/b.yaml", "b: 1\n")).ToArray();
        Assert.Equal(2, (await Read(new MemoryStream(whole))).Files.Length);
        // The archive ends with two empty blocks; the first of them says that it ended.
        for (var length = 0; length < whole.Length - 1024; length += 256)
            await Assert.ThrowsAsync<EndOfStreamException>(() => Read(new MemoryStream(whole[..length])));
    }

    [Fact]
    public async Task What_is_no_archive_is_refused()
    {
        var text = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("this is not a tar archive. ", 100))));

        await Assert.ThrowsAnyAsync<Exception>(() => Read(text));
        Assert.Contains("tar", (await Assert.ThrowsAsync<OutputRefusedException>(() => Read(new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 2048)))))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_metadata_is_not_looked_at()
    {
        var output = await Read(Samples.Tar(("metadata/notes.txt", "a: [1"), ("metadata/deep/er", "x"), ("output/a.yaml", "a: 1\n")));

        Assert.Single(output.Files);
        Assert.Null(output.StatusJson);
    }

    [Fact, Conformance("K10", "status.yaml is merged; the key kratix is refused.")]
    [Conformance("R69", "The key kratix in status.yaml fails the Pipeline.")]
    public async Task Status_is_read_and_the_key_of_the_platform_refused()
    {
        Assert.Equal("{\"message\":\"hi\"}", (await Read(Samples.Tar(("metadata/status.yaml", "message: hi\n")))).StatusJson);
        Assert.Contains("\"kratix\" belongs to the platform", await Refusal(Samples.Tar(("metadata/status.yaml", "kratix: {}\n"))), StringComparison.Ordinal);
        Assert.Contains("must hold a map", await Refusal(Samples.Tar(("metadata/status.yaml", "- a\n"))), StringComparison.Ordinal);
        Assert.Contains("\"conditions\" must be a list", await Refusal(Samples.Tar(("metadata/status.yaml", "conditions: {}\n"))), StringComparison.Ordinal);
        Assert.Contains("status.yaml line 2", await Refusal(Samples.Tar(("metadata/status.yaml", "a: 1\na: 2\n"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("destination-selectors.yaml", "- matchLabels: {env: dev}\n")]
    [InlineData("scheduling.yaml", "- target:\n    matchLabels: {env: dev}\n")]
    [Conformance("K11", "destination-selectors.yaml and scheduling.yaml are both read.")]
    [Conformance("R89", "A metadata file adds selectors at run time, under its name of either generation.")]
    public async Task Selectors_are_read_in_both_spellings(string file, string text)
    {
        var entry = Assert.Single((await Read(Samples.Tar(($"metadata/{file}", text)))).Selectors);

        Assert.Equal(".", entry.Directory);
        Assert.Equal("dev", entry.MatchLabels["env"]);
    }

    [Theory]
    [InlineData("- directory: a/b\n  matchLabels: {env: dev}\n", "directory \"a/b\" is nested")]
    [InlineData("- directory: missing\n  matchLabels: {env: dev}\n", "directory \"missing\" does not exist")]
    [InlineData("- directory: a\n  matchLabels: {env: dev}\n- directory: a/\n  matchLabels: {env: prod}\n", "directory \"a\" has two entries")]
    [InlineData("- matchLabels: {}\n", "entry with index 0 has no selectors")]
    [InlineData("- text\n", "entry 0 is not a map")]
    [InlineData("- target: text\n", "entry with index 0 has no selectors")]
    [InlineData("a: 1\n", "must hold a list")]
    public async Task Selectors_that_are_wrong_are_refused(string text, string reason) =>
        Assert.Contains(reason, await Refusal(Samples.Tar(("output/a/x.yaml", "a: 1\n"), ("metadata/destination-selectors.yaml", text))), StringComparison.Ordinal);

    [Fact, Conformance("K11", "Having both files is an error.")]
    public async Task Both_selector_files_are_an_error() => Assert.Contains(
        "has both destination-selectors.yaml and scheduling.yaml",
        await Refusal(Samples.Tar(("metadata/destination-selectors.yaml", "- matchLabels: {a: b}\n"), ("metadata/scheduling.yaml", "- matchLabels: {a: b}\n"))), StringComparison.Ordinal);

    private static async Task<RunOutput> Read(Stream tar, OutputLimits? limits = null) =>
        (await new OutputReader(new InMemoryContentStore(), limits ?? Samples.Limits).Read(tar, CancellationToken.None)).Output;

    private static async Task<string> Refusal(Stream tar, OutputLimits? limits = null) => (await Assert.ThrowsAsync<OutputRefusedException>(() => Read(tar, limits))).Message;
}
