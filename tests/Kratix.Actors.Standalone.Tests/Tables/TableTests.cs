using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Tables;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Tables;

public sealed class TableTests
{
    [Theory]
    [InlineData(".spec.size", "3")]
    [InlineData("{.spec.size}", "3")]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "True")]
    [InlineData(".status.conditions[?(@.type!='Ready')].reason", "Because")]
    [InlineData(".status.conditions[0].type", "Ready")]
    [InlineData(".status.conditions[-1].type", "Other")]
    [InlineData(".status.conditions[*].type", "Ready,Other")]
    [InlineData(".metadata.labels['a.b/c']", "x")]
    [InlineData(".metadata.labels.a\\.b/c", "x")]
    [InlineData("..reason", "Because")]
    [InlineData(".nothing.here", "")]
    public void A_path_selects_what_kubectl_would(string path, string expected)
    {
        var o = Manifests.Json("{spec: {size: 3}, metadata: {labels: {a.b/c: x}}, status: {conditions: [{type: Ready, status: 'True'}, {type: Other, reason: Because}]}}");

        Assert.Equal(expected, string.Join(',', JsonPath.Parse(path).Select(o).Select(JsonPath.Shown)));
    }

    [Theory]
    [InlineData(".a[")]
    [InlineData(".a[b]")]
    [InlineData(".a[?(b)]")]
    public void A_path_that_cannot_be_read_is_refused(string path) => Assert.Throws<FormatException>(() => JsonPath.Parse(path));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(125, "2m5s")]
    [InlineData(3600, "60m")]
    [InlineData(4 * 3600, "4h")]
    [InlineData((4 * 3600) + 120, "4h2m")]
    [InlineData(30 * 3600, "30h")]
    [InlineData(3 * 86400, "3d")]
    [InlineData((3 * 86400) + 3600, "3d1h")]
    [InlineData(30L * 86400, "30d")]
    [InlineData(3L * 365 * 86400, "3y")]
    public void An_age_is_short_and_exact_enough(long seconds, string expected) => Assert.Equal(expected, Age.Of(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("{phase: Running, containerStatuses: [{name: a, ready: true, state: {running: {}}}]}", "Running")]
    [InlineData("{phase: Pending, initContainerStatuses: [{state: {terminated: {exitCode: 0}}}, {state: {running: {}}}]}", "Init:1/2")]
    [InlineData("{phase: Pending, initContainerStatuses: [{state: {terminated: {exitCode: 1, reason: Error}}}]}", "Init:Error")]
    [InlineData("{phase: Pending, initContainerStatuses: [{state: {waiting: {reason: ErrImagePull}}}]}", "Init:ErrImagePull")]
    [InlineData("{phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}", "ExitCode:3")]
    [InlineData("{phase: Succeeded, containerStatuses: [{state: {terminated: {exitCode: 0, reason: Completed}}}]}", "Completed")]
    [InlineData("{phase: Pending}", "Pending")]
    public void A_pod_s_status_is_the_word_that_keeps_it_from_running(string status, string expected)
    {
        var pod = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "p" },
            ["spec"] = Manifests.Json("{containers: [{name: a}], initContainers: [{name: i}, {name: j}]}"),
            ["status"] = Manifests.Json(status),
        };

        var column = BuiltInColumns.Pods.First(c => c.Name == "Status");

        Assert.Equal(expected, column.Cell(pod, default)!.GetValue<string>());
    }
}
