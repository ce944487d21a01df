using System.Text.RegularExpressions;
using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Tests.Configuration;

public sealed partial class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_with_nothing_given_takes_reference_and_standalone()
    {
        var settings = Load();
        Assert.Equal(EngineMode.Standalone, settings.Mode);
        Assert.Equal(TimeSpan.FromHours(10), settings.Reconcile.Interval);
        Assert.Equal(OnStart.Run, settings.Reconcile.OnStart);
        Assert.Equal(256L << 20, settings.Output.MaxBytes);
        Assert.Equal(5, settings.Workflows.JobsToKeep);
        Assert.Null(settings.Api.Kubeconfig);
        Assert.Equal(Environment.MachineName, settings.NodeName);
        Assert.Equal(6, settings.Git.PushBudget.PerMinute("GitHub.com"));
        Assert.Null(settings.Git.PushBudget.PerMinute("git.example.com"));
        Assert.Equal(settings.Standalone.MaxRunningPods, settings.Workflows.MaxRunsInFlight);
    }

    [Fact]
    public void Load_in_mode_cluster_verifies_on_start() =>
        Assert.Equal(OnStart.Verify, Load(set: ["kratix.mode=cluster", "kratix.workflows.adapter-image=registry.example/kratix-actors:1"]).Reconcile.OnStart);

    [Fact]
    public void Mode_cluster_without_the_image_of_its_adapter_is_refused_with_what_is_right() => Assert.Contains(
        "kratix.workflows.adapter-image is null; write the image of this program, such as \"registry.example/kratix-actors:1\"",
        Assert.Throws<ConfigurationException>(() => Load(set: ["kratix.mode=cluster"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Image_and_pull_secret_of_the_adapter_are_taken_from_the_variables_of_Kratix_too()
    {
        var variables = new Dictionary<string, string> { ["PIPELINE_ADAPTER_IMG"] = "registry.example/kratix-actors:1", ["PIPELINE_ADAPTER_PULL_SECRET"] = "registry" };
        var workflows = SettingsLoader.Load(new SettingsSources([], ["kratix.mode=cluster"], variables)).Settings.Workflows;

        Assert.Equal(("registry.example/kratix-actors:1", "registry"), (workflows.AdapterImage, workflows.AdapterPullSecret));
        Assert.Null(Load().Workflows.AdapterImage);
        Assert.Null(Load().Workflows.AdapterPullSecret);
    }

    [Theory]
    [InlineData("reference.conf")]
    [InlineData("standalone.conf")]
    [InlineData("cluster.conf")]
    [InlineData("test.conf")]
    public void A_shipped_file_loads_on_top_of_the_others_and_lies_beside_the_program(string name) =>
        Assert.NotNull(Load([Path.Combine(AppContext.BaseDirectory, "hocon", name)]));

    [Fact]
    public void Command_line_wins_over_environment_over_the_last_file_over_the_first()
    {
        var first = _folder.File("first.conf", "kratix { http.port = 1, api.port = 1, log.level = error, shards.count = 1 }");
        var second = _folder.File("second.conf", "kratix { http.port = 2, api.port = 2, log.level = debug }");
        var loaded = SettingsLoader.Load(new SettingsSources(
            [first, second],
            ["kratix.http.port=4", "kratix.git.push-budget.hosts.\"example.com\"=9"],
            new Dictionary<string, string> { ["KRATIX_HTTP_PORT"] = "3", ["KRATIX_API_PORT"] = "3" }));
        Assert.Equal((4, 3, LogLevel.Debug, 1), (loaded.Settings.Http.Port, loaded.Settings.Api.Port, loaded.Settings.Log.Level, loaded.Settings.Shards.Count));
        Assert.Equal(9, loaded.Settings.Git.PushBudget.Hosts["example.com"]);

        string From(string key) => loaded.Effective.Single(setting => setting.Key == key).Source;
        Assert.Equal("--set", From("kratix.http.port"));
        Assert.Equal("environment KRATIX_API_PORT", From("kratix.api.port"));
        Assert.Equal($"{second}:1", From("kratix.log.level"));
        Assert.Equal($"{first}:1", From("kratix.shards.count"));
        Assert.Matches("^standalone.conf:[0-9]+$", From("kratix.reconcile.on-start"));
        Assert.Matches("^reference.conf:[0-9]+$", From("kratix.reconcile.interval"));
    }

    [Fact]
    public void A_value_of_the_command_line_may_be_a_path_a_url_null_or_quoted()
    {
        var settings = Load(set: ["kratix.data-folder=/tmp/a b#c", "kratix.http.advertised-url=http://10.0.0.5:8086", "kratix.api.kubeconfig=\"x y\"", "kratix.node-name=null"]);
        Assert.Equal("/tmp/a b#c", settings.DataFolder);
        Assert.Equal("http://10.0.0.5:8086", settings.Http.AdvertisedUrl);
        Assert.Equal("x y", settings.Api.Kubeconfig);
        Assert.Equal(Environment.MachineName, settings.NodeName);
    }

    [Theory]
    [InlineData("kratix.reconcile.intervall = 1h", "kratix.reconcile.intervall is not a known key; did you mean kratix.reconcile.interval?")]
    [InlineData("http.port = 1", "http.port is not a known key; did you mean kratix.http.port?")]
    [InlineData("kratix.http { port = 1, prot = 2 }", "kratix.http.prot is not a known key; did you mean kratix.http.port?")]
    [InlineData("kratix.http = 5", "kratix.http = 5 cannot be used; it is a section, write kratix.http { key = value }")]
    [InlineData("kratix.reconcile.interval = 10", "kratix.reconcile.interval = 10 cannot be used; write a number and a unit (ms, s, m, h or d), as in 500ms, 90s or 10h, of at least 1m")]
    [InlineData("kratix.reconcile.interval = 59s", "kratix.reconcile.interval = 59s cannot be used; write a number and a unit (ms, s, m, h or d), as in 500ms, 90s or 10h, of at least 1m")]
    [InlineData("kratix.reconcile.jitter = 0.6", "kratix.reconcile.jitter = 0.6 cannot be used; write a number from 0 to 0.5")]
    [InlineData("kratix.reconcile.on-start = maybe", "kratix.reconcile.on-start = maybe cannot be used; write one of run, verify, off")]
    [InlineData("kratix.reconcile.after-failure = perhaps", "kratix.reconcile.after-failure = perhaps cannot be used; write true or false")]
    [InlineData("kratix.http.port = 65536", "kratix.http.port = 65536 cannot be used; write a whole number from 0 to 65535")]
    [InlineData("kratix.http.port = [1]", "kratix.http.port is a list; write a whole number from 0 to 65535")]
    [InlineData("kratix.output.max-bytes = lots", "kratix.output.max-bytes = lots cannot be used; write a number of bytes, or with a unit")]
    [InlineData("kratix.output.max-file-bytes = 1TiB", "kratix.output.max-file-bytes = 1TiB cannot be used; write at most kratix.output.max-bytes")]
    [InlineData("kratix.workflows.retry.max = 1ms", "kratix.workflows.retry.max = 1ms cannot be used; write at least kratix.workflows.retry.min")]
    [InlineData("kratix.workflows.default-image-pull-policy = Sometimes", "kratix.workflows.default-image-pull-policy = Sometimes cannot be used; write one of always, if-not-present, never")]
    [InlineData("kratix.git.push-budget.hosts.\"a.b\" = x", "kratix.git.push-budget.hosts.\"a.b\" = x cannot be used; write a whole number of at least 0")]
    [InlineData("kratix.http.advertised-url = \"host:80\"", "kratix.http.advertised-url = host:80 cannot be used; write null, or a URL")]
    [InlineData("kratix.data-folder = \"\"", "kratix.data-folder =  cannot be used; write a text that is not empty")]
    [InlineData("kratix.mode = null", "kratix.mode is null; write one of standalone, cluster")]
    public void A_wrong_setting_is_refused_with_file_line_and_what_is_right(string line, string message)
    {
        var file = _folder.File("mine.conf", $"# mine\n\n{line}\n");
        var refused = Assert.Throws<ConfigurationException>(() => Load([file]));
        Assert.StartsWith($"{file}:3: {message}", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_wrong_settings_are_all_named_at_once()
    {
        var file = _folder.File("mine.conf", "kratix.http.port = x\nkratix.http.prot = 1\nkratix.log.level = loud\n");
        Assert.Equal(3, Assert.Throws<ConfigurationException>(() => Load([file], ["kratix.mode=standalone"])).Problems.Count);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_by_name() =>
        Assert.StartsWith("/nowhere/mine.conf: the configuration file cannot be read", Assert.Throws<ConfigurationException>(() => Load(["/nowhere/mine.conf"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("kratix.http.port", "--set kratix.http.port: write key=value")]
    [InlineData("kratix.http.prot=1", "--set: kratix.http.prot is not a known key; did you mean kratix.http.port?")]
    [InlineData("kratix.http.port=[1", "--set:1: '[' is opened here and never closed")]
    [InlineData("a b!=1", "--set:1: 'a b!' is not a key")]
    public void An_override_that_cannot_be_read_is_refused(string option, string message) =>
        Assert.StartsWith(message, Assert.Throws<ConfigurationException>(() => Load(set: [option])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_variable_with_a_wrong_value_is_refused_by_its_name()
    {
        var refused = Assert.Throws<ConfigurationException>(() => SettingsLoader.Load(SettingsSources.BuiltIn with { Environment = new Dictionary<string, string> { ["KRATIX_HTTP_PORT"] = "x" } }));
        Assert.StartsWith("environment KRATIX_HTTP_PORT: kratix.http.port = x cannot be used", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_that_looks_misspelt_is_warned_about_and_others_of_the_prefix_are_not()
    {
        var loaded = SettingsLoader.Load(SettingsSources.BuiltIn with { Environment = new Dictionary<string, string> { ["KRATIX_HTTP_PROT"] = "1", ["KRATIX_PIPELINE_NAME"] = "x" } });
        Assert.Equal("the environment variable KRATIX_HTTP_PROT sets nothing; did you mean KRATIX_HTTP_PORT?", Assert.Single(loaded.Warnings));
    }

    [Fact]
    public void No_two_keys_share_a_variable() => Assert.Equal(SettingsLoader.Keys.Count, SettingsLoader.Keys.Select(SettingsLoader.VariableOf).Distinct().Count());

    [Fact]
    public void Every_key_read_stands_in_the_reference_with_a_reason()
    {
        // A key nobody reads stops the load itself (unknown key), and so does one that is read and missing; left to check is the reason beside it.
        var unexplained = new List<string>();
        var explained = false;
        foreach (var line in SettingsLoader.BuiltInText("reference.conf")!.Split('\n').Select(line => line.Trim()))
        {
            if (line.Length == 0 || line.StartsWith('}'))
                explained = false;
            else if (line.StartsWith('#'))
                explained = true;
            else if (!explained && Assignment().IsMatch(line) && !Shared.Contains(line.Split(' ')[0]))
                unexplained.Add(line);
        }
        Assert.Empty(unexplained);
    }

    // Named by the comment of the section around them, or by their own name.
    private static readonly string[] Shared = ["default", "\"github.com\"", "address", "min", "max", "max-intents", "max-files", "max-file-bytes"];

    [GeneratedRegex("^[a-z\"][A-Za-z.\"-]* = ")]
    private static partial Regex Assignment();

    private static KratixSettings Load(IReadOnlyList<string>? files = null, IReadOnlyList<string>? set = null) =>
        SettingsLoader.Load(new SettingsSources(files ?? [], set ?? [], new Dictionary<string, string>())).Settings;
}
