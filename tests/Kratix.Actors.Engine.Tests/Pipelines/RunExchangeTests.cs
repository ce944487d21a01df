using System.Text;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Engine.Pipelines;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Pipelines;

public sealed class RunExchangeTests
{
    private readonly InMemoryContentStore _contents = new();
    private readonly RunExchange _exchange;

    public RunExchangeTests() => _exchange = new RunExchange(_contents, Samples.Settings);

    [Fact]
    public async Task Token_of_another_run_opens_nothing()
    {
        var token = _exchange.TokenOf("run-b");

        Assert.Equal(Refusal.Unauthorized, Assert.IsType<Outcome<Nothing>.Terminal>(await _exchange.Submit("run-a", token, Samples.Tar(), default)).Code);
        Assert.Equal(Refusal.Unauthorized, Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Terminal>(await _exchange.Object("run-a", token, default)).Code);
        Assert.Null(await _contents.GetRun("run-a", default));
    }

    [Fact]
    public async Task Token_is_the_same_after_a_restart_with_the_same_key() =>
        Assert.IsType<Outcome<Nothing>.Done>(await new RunExchange(_contents, Samples.Settings).Submit("run-a", _exchange.TokenOf("run-a"), Samples.Tar(), default));

    [Fact]
    public async Task Object_is_not_found_until_the_run_is_taken_up()
    {
        var token = _exchange.TokenOf("run-a");
        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Terminal>(await _exchange.Object("run-a", token, default)).Code);

        _exchange.Offer("run-a", _ => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Done(Encoding.UTF8.GetBytes("kind: Redis"))));

        Assert.Equal("kind: Redis", Encoding.UTF8.GetString(Assert.IsType<Outcome<ReadOnlyMemory<byte>>.Done>(await _exchange.Object("run-a", token, default)).Value.Span));
    }

    [Fact]
    public async Task What_was_handed_in_first_stays_and_both_writers_are_content()
    {
        await Submit(("output/a.yaml", "x: 1\n"));
        await Submit(("output/a.yaml", "x: 2\n"), ("output/b.yaml", "x: 2\n"));

        Assert.Single((await Manifest()).Output!.Files);
    }

    [Fact]
    public async Task Writers_that_race_leave_the_output_of_one_of_them_whole()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Submit(($"output/{i}.yaml", $"x: {i}\n"), ($"output/{i}{i}.yaml", $"x: {i}\n"))));

        var files = (await Manifest()).Output!.Files;
        Assert.Equal(2, files.Length);
        Assert.Single(files.Select(f => f.Digest).Distinct());
    }

    [Fact]
    public async Task Output_that_breaks_a_rule_is_kept_as_the_reason_of_the_failure()
    {
        await Submit(("output/../x", "x"));

        var manifest = await Manifest();
        Assert.Null(manifest.Output);
        Assert.Contains("leaves its directory", manifest.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_that_was_cut_is_asked_for_again()
    {
        var whole = Samples.Tar(("output/a.yaml", "x: 1\n")).ToArray();

        Assert.IsType<Outcome<Nothing>.Transient>(await _exchange.Submit("run-a", _exchange.TokenOf("run-a"), new MemoryStream(whole[..700]), default));
        Assert.IsType<Outcome<Nothing>.Transient>(await _exchange.Submit("run-a", _exchange.TokenOf("run-a"), new MemoryStream(), default));
        Assert.Null(await _contents.GetRun("run-a", default));
        await Submit(("output/a.yaml", "x: 1\n"));
        Assert.NotNull((await Manifest()).Output);
    }

    private async Task Submit(params (string, string)[] files) =>
        Assert.IsType<Outcome<Nothing>.Done>(await _exchange.Submit("run-a", _exchange.TokenOf("run-a"), Samples.Tar(files), default));

    private async Task<RunManifest> Manifest() => Codec.Read<RunManifest>((await _contents.GetRun("run-a", default))!);
}
