using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Platform;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Platform;

/// <summary>The platform's ConfigMap, by the keys of Kratix: taken while the engine runs, or refused as a whole.</summary>
public sealed class PlatformTests
{
    private const string Whole =
        """
        numberOfJobsToKeep: 3
        reconciliationInterval: 2h
        selectiveCache: true
        workflows:
          reconcileAfterFailure: false
          defaultImagePullPolicy: Always
          defaultContainerResources: {limits: {memory: 256Mi}, requests: {cpu: 100m}}
          defaultContainerSecurityContext: {runAsNonRoot: true}
          jobOptions: {defaultBackoffLimit: 1, podTTLSecondsAfterFinished: 60}
        logging: {structured: true, level: warn}
        """;

    [Fact, Conformance("R55", "The ConfigMap kratix is read by the keys of Kratix.")]
    public void Document_of_Kratix_is_read_whole()
    {
        var read = PlatformDocument.Read(ConfigMap(Whole));

        Assert.Equal((TimeSpan.FromHours(2), false, 3, 1, 60, "Always", "warning"), (read.ReconcileInterval!.Value, read.ReconcileAfterFailure!.Value, read.JobsToKeep!.Value, read.BackoffLimit!.Value, read.PodTtl!.Value.TotalSeconds, read.DefaultImagePullPolicy, read.LogLevel));
        Assert.Equal("256Mi", read.DefaultContainerResources!["limits"]!["memory"]!.ToString());
        Assert.Equal("true", read.DefaultSecurityContext!["runAsNonRoot"]!.ToString());
        Assert.True(read.StructuredLog);
        Assert.Equal(["selectiveCache"], read.WithoutEffect);
        Assert.Equal("2h", read.Values["kratix.reconcile.interval"]);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("{}", null)]
    [InlineData("somethingNew: {of: Kratix}", null)]
    [InlineData("numberOfJobsToKeep: 0", "numberOfJobsToKeep is 0; write a whole number from 1 to 1000")]
    [InlineData("reconciliationInterval: 30s", "reconciliationInterval is \"30s\"; write a duration of at least 1m, such as 10h")]
    [InlineData("reconciliationInterval: [1h]", "reconciliationInterval is [\"1h\"]; write a duration of at least 1m, such as 10h")]
    [InlineData("workflows: {defaultImagePullPolicy: Sometimes}", "workflows.defaultImagePullPolicy is \"Sometimes\"; write one of Always, IfNotPresent, Never")]
    [InlineData("workflows: {defaultContainerResources: {memory: 1Gi}}", "write a map with limits, requests, claims, each a map")]
    [InlineData("workflows: {defaultContainerSecurityContext: strict}", "workflows.defaultContainerSecurityContext is \"strict\"; write a map")]
    [InlineData("workflows: {reconcileAfterFailure: perhaps}", "write true or false")]
    [InlineData("workflows: {jobOptions: {podTTLSecondsAfterFinished: 0}}", "workflows.jobOptions.podTTLSecondsAfterFinished is 0; write a whole number of seconds, 1 or more")]
    [InlineData("logging: {level: loud}", "logging.level is \"loud\"; write one of trace, debug, info, warn, warning, error")]
    [InlineData("logging: {structured: 1}", "logging.structured is 1; write true or false")]
    [InlineData("telemetry: {endpoint: ''}", "telemetry.endpoint is \"\"; write HOST:PORT or a URL, such as collector.example:4317")]
    [InlineData("telemetry: {endpoint: 'http://me:secret@collector:4318'}", "write HOST:PORT or a URL")]
    [InlineData("telemetry: {endpoint: 'c:4317', protocol: udp}", "telemetry.protocol is \"udp\"; write one of grpc, http")]
    [InlineData("telemetry: {endpoint: 'c:4317', headers: [a]}", "telemetry.headers is not a map of texts")]
    [InlineData("telemetry: {endpoint: 'c:4317', traces: {enabled: often}}", "telemetry.traces.enabled is \"often\"; write true or false")]
    [InlineData("a: [", "config, line ")]
    [InlineData("- a list", "config is not a map of settings")]
    public void Document_is_taken_or_refused_with_what_would_be_right(string config, string? problem)
    {
        if (problem is null)
            Assert.Null(PlatformDocument.Read(ConfigMap(config)).ReconcileInterval);
        else
            Assert.Contains(problem, Assert.Throws<PlatformRefusedException>(() => PlatformDocument.Read(ConfigMap(config))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("telemetry: {endpoint: 'collector:4317'}", "https://collector:4317/", true, true, true)]
    [InlineData("telemetry: {endpoint: 'collector:4317', insecure: true, traces: {enabled: false}}", "http://collector:4317/", true, false, true)]
    [InlineData("telemetry: {endpoint: 'http://collector:4318', protocol: http, metrics: {enabled: false}}", "http://collector:4318/", false, true, false)]
    [Conformance("R123", "The ConfigMap kratix names the collector of metrics and traces by the keys of Kratix.")]
    public void Collector_is_read_by_the_keys_of_Kratix(string config, string endpoint, bool grpc, bool traces, bool metrics)
    {
        var read = PlatformDocument.Read(ConfigMap(config)).Telemetry!;

        Assert.Equal((endpoint, grpc, traces, metrics), (read.Endpoint.ToString(), read.Grpc, read.Traces, read.Metrics));
    }

    [Fact]
    public void Headers_for_the_collector_are_taken_and_told_to_nobody()
    {
        var read = PlatformDocument.Read(ConfigMap("telemetry: {endpoint: 'c:4317', headers: {Authorization: Bearer hidden}}"));

        Assert.Equal("Bearer hidden", read.Telemetry!.Headers["Authorization"]);
        Assert.DoesNotContain(read.Values, v => v.Value.Contains("hidden", StringComparison.Ordinal));
        Assert.Empty(read.WithoutEffect);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once() => Assert.Equal(
        2, Assert.Throws<PlatformRefusedException>(() => PlatformDocument.Read(ConfigMap("numberOfJobsToKeep: 0\nlogging: {level: loud}"))).Message.Split("; write").Length - 1);

    [Fact]
    public void ConfigMap_without_the_key_is_refused() => Assert.Contains(
        "it has no key config", Assert.Throws<PlatformRefusedException>(() => PlatformDocument.Read(new JsonObject { ["data"] = new JsonObject { ["other"] = "" } })).Message, StringComparison.Ordinal);

    [Fact, Conformance("R55", "A changed ConfigMap holds for what comes next, without a restart.")]
    public void ConfigMap_that_comes_while_the_engine_runs_holds_for_the_next_run_and_for_the_next_interval()
    {
        var bed = EngineBed.WithPromise();
        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, ConfigMap(Whole));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        bed.Request("a");
        var plan = bed.TakePlan();
        Assert.Equal("256Mi", plan.Containers[0]!["resources"]!["limits"]!["memory"]!.ToString());
        Assert.Equal("Always", plan.Containers[0]!["imagePullPolicy"]!.ToString());
        Assert.Equal(TimeSpan.FromHours(2), bed.State("a").Revision!.Interval);
        bed.Complete(plan, ("output/db.yaml", "size: small\n"));
        bed.Kit.Advance(TimeSpan.FromHours(2.5));
        Assert.Single(bed.Plans);

        bed.Delete(Kinds.ConfigMap, Kinds.SystemNamespace, "kratix");
        Assert.Equal(TimeSpan.FromHours(10), bed.Settings.ReconcileInterval);
        Assert.Equal(TimeSpan.FromHours(10), bed.State("a").Revision!.Interval);
    }

    [Fact, Conformance("R55", "A ConfigMap that cannot be used is refused with the reason, and the last good one stays.")]
    public void ConfigMap_that_cannot_be_used_is_refused_in_an_Event_and_the_last_good_one_stays()
    {
        var told = new List<PlatformReport>();
        var settings = Samples.Settings with { Platform = new PlatformOverlay { Told = told.Add } };
        var bed = EngineBed.WithPromise(settings);
        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, ConfigMap("numberOfJobsToKeep: 3"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        bed.Patch(Kinds.ConfigMap, Kinds.SystemNamespace, "kratix", new JsonObject { ["data"] = new JsonObject { ["config"] = "numberOfJobsToKeep: many" } });

        Assert.Equal(3, settings.JobsToKeep);
        Assert.StartsWith("numberOfJobsToKeep is \"many\"", told[^1].Refused, StringComparison.Ordinal);
        Assert.Equal("3", told[^1].Holds.Values["kratix.workflows.jobs-to-keep"]);
        var events = Assert.IsType<Ports.Outcome<IReadOnlyList<JsonObject>>.Done>(bed.Kit.Settle(() => bed.Kubernetes.List(Kinds.Event, Kinds.SystemNamespace, null, CancellationToken.None))).Value;
        var announced = Assert.Single(events, e => e["reason"]?.ToString() == "InvalidConfiguration");
        Assert.Equal(("Warning", "kratix"), (announced["type"]!.ToString(), announced["involvedObject"]!["name"]!.ToString()));
        Assert.Contains("write a whole number from 1 to 1000", announced["message"]!.ToString(), StringComparison.Ordinal);

        bed.Patch(Kinds.ConfigMap, Kinds.SystemNamespace, "kratix", new JsonObject { ["data"] = new JsonObject { ["config"] = "numberOfJobsToKeep: 4" } });
        Assert.Equal(4, settings.JobsToKeep);
        Assert.Null(told[^1].Refused);
    }

    [Fact]
    public void ConfigMap_that_is_there_at_the_start_holds_before_anything_runs()
    {
        var bed = new EngineBed();
        bed.Create(Kinds.ConfigMap, Kinds.SystemNamespace, ConfigMap("numberOfJobsToKeep: 3"));

        bed.Start();

        Assert.Equal(3, bed.Settings.JobsToKeep);
    }

    private static JsonObject ConfigMap(string config) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "kratix", ["namespace"] = Kinds.SystemNamespace }, ["data"] = new JsonObject { ["config"] = config },
    };
}
