using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Pods;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

public sealed class RunArgumentsTests
{
    private static readonly EngineInfo Podman = new("podman", IsPodman: true, LimitsMemory: true, LimitsCpu: true, []);

    [Fact]
    public void Environment_values_never_stand_among_the_arguments()
    {
        var env = new Dictionary<string, string> { ["TOKEN"] = "s3cr3t-one", ["PEM"] = "s3cr3t\ntwo" };

        var arguments = Of("{}", env: env);

        Assert.DoesNotContain(arguments, a => a.Contains("s3cr3t", StringComparison.Ordinal));
        Assert.Equal("TOKEN=s3cr3t-one\n", RunArguments.EnvFile(env));
        Assert.Equal("s3cr3t\ntwo", RunArguments.Inherited(env)["PEM"]);
    }

    [Theory]
    [InlineData("PATH")]
    [InlineData("LD_PRELOAD")]
    [InlineData("CONTAINERS_CONF")]
    [InlineData("https_proxy")]
    public void Value_with_line_breaks_under_a_name_the_engine_itself_heeds_is_refused_by_name(string name)
    {
        var refused = Assert.Throws<ConfigException>(() => RunArguments.Inherited(new Dictionary<string, string> { [name] = "a\nb" }));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Security_context_becomes_flags()
    {
        var arguments = Of("""
            {"securityContext":{"runAsUser":1000,"runAsGroup":2000,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"],"add":["CHOWN"]}}}
            """);

        Assert.Equal("1000:2000", After(arguments, "--user"));
        Assert.Equal("ALL", After(arguments, "--cap-drop"));
        Assert.Equal("CHOWN", After(arguments, "--cap-add"));
        Assert.Equal("no-new-privileges", After(arguments, "--security-opt"));
        Assert.Contains("--read-only", arguments);
        Assert.DoesNotContain("--privileged", arguments);
    }

    [Fact]
    public void Limits_become_flags_only_where_the_machine_can_keep_them()
    {
        const string Limited = """{"resources":{"limits":{"memory":"256Mi","cpu":"200m"}}}""";

        Assert.Equal("268435456", After(Of(Limited), "--memory"));
        Assert.Equal("0.200", After(Of(Limited), "--cpus"));
        Assert.DoesNotContain("--memory", Of(Limited, Podman with { LimitsMemory = false }));
        Assert.DoesNotContain("--cpus", Of(Limited, Podman with { LimitsCpu = false }));
    }

    [Fact]
    public void Command_replaces_the_entry_point_and_args_follow_the_image()
    {
        var arguments = Of("{}", command: ["sh", "-c"], args: ["echo hi"]);

        Assert.Equal("sh", After(arguments, "--entrypoint"));
        Assert.Equal([Busybox, "-c", "echo hi"], arguments.TakeLast(3));
    }

    [Fact]
    public void Mount_with_a_comma_in_its_path_is_one_mount()
    {
        var arguments = Of("{}", mounts: [new BindMount("/data/a,b", "/mnt", ReadOnly: true)]);

        Assert.Equal("type=bind,\"src=/data/a,b\",dst=/mnt,readonly", After(arguments, "--mount"));
    }

    [Theory]
    [InlineData("bridge", "bridge")]
    [InlineData("auto", null)]
    public void Network_is_named_unless_the_engine_chooses(string network, string? named) => Assert.Equal(named, After(Of("{}", network: network), "--network"));

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox")]
    [InlineData("team/app:1", "docker.io/team/app:1")]
    [InlineData("localhost/app:1", "localhost/app:1")]
    [InlineData("registry.example:5000/app", "registry.example:5000/app")]
    public void Image_without_a_registry_is_pulled_from_docker_hub(string image, string pulled) => Assert.Equal(pulled, ImageNames.FullyQualified(image));

    [Theory]
    [InlineData("200m", 0.2)]
    [InlineData("1.5", 1.5)]
    [InlineData("1e3", 1000)]
    [InlineData("256Mi", 268435456)]
    [InlineData("2G", 2000000000)]
    public void Quantity_is_read_with_its_suffix(string text, double value) => Assert.Equal((decimal)value, Quantity.Parse(JsonValue.Create(text)));

    [Fact]
    public void Quantity_that_is_none_is_named() => Assert.Contains("lots", Assert.Throws<FormatException>(() => Quantity.Parse(JsonValue.Create("lots"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("$(A)-$(B)", "1-$(B)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("cost: 5$", "cost: 5$")]
    [InlineData("$(A", "$(A")]
    public void Variable_is_expanded_as_kubernetes_does(string text, string expanded) =>
        Assert.Equal(expanded, EnvironmentResolver.Expand(text, new Dictionary<string, string> { ["A"] = "1" }));

    private static string? After(IReadOnlyList<string> arguments, string option) => arguments.SkipWhile(a => a != option).Skip(1).FirstOrDefault();

    private static IReadOnlyList<string> Of(
        string container, EngineInfo? engine = null, Dictionary<string, string>? env = null, string[]? command = null, string[]? args = null, BindMount[]? mounts = null, string network = "none")
    {
        var pod = new FakePodStore().Create("p", Spec([], [Shell("main", "true", container)]));
        var spec = PodSpec.Of(pod);
        var run = new ContainerRun("name", spec, spec.Containers[0], 0, env ?? [], command ?? [], args ?? [], mounts ?? [], "/logs/0.log");
        return new RunArguments(engine ?? Podman, "node", network, 1000, gateway: null).Of(run);
    }
}
