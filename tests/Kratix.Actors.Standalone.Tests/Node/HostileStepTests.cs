using System.Diagnostics;
using System.Globalization;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Oci;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;
using static Kratix.Actors.Standalone.Tests.Nodes.RealContainerTests;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Steps that leave, take or wait for more than they should.</summary>
public sealed class HostileStepTests
{
    // A name that is no UTF-8, and a path longer than any that can be named at once.
    private const string Unremovable = """
        cd $PLACE; touch "$(printf 'a\377')"; name=$(printf '%0200d' 0)
        i=0; while [ $i -lt 40 ]; do mkdir $name && cd -P $name || exit 9; i=$((i + 1)); done; touch bottom
        """;

    [Theory]
    [InlineData("/shared")]
    [InlineData("/tmp")]
    [InlineData("/cache")]
    public async Task What_a_container_leaves_goes_with_its_pod_whatever_its_names_are(string place)
    {
        await using var fixture = new NodeFixture();
        await fixture.Start();
        var pod = fixture.Pods.Create("p", Spec(
            [], [Shell("main", $"PLACE={place}; {Unremovable}", """{"volumeMounts":[{"name":"shared","mountPath":"/shared"},{"name":"cache","mountPath":"/cache"}]}""")],
            """{"restartPolicy":"Never","volumes":[{"name":"shared","emptyDir":{}},{"name":"cache","emptyDir":{"medium":"Memory"}}]}"""));
        await fixture.Pods.Until("p", p => p["status"]?["phase"]?.GetValue<string>() is "Succeeded" or "Failed");
        await fixture.Pods.Delete("p", graceSeconds: 0);

        Assert.Equal("Succeeded", fixture.Pods.Writes.Last().Status["phase"]!.GetValue<string>());
        var uid = pod["metadata"]!["uid"]!.GetValue<string>();
        var memory = new Kratix.Actors.Standalone.Nodes.NodeFolders(fixture.Folder).Memory.OfPod(uid)!;
        Assert.Equal((false, false, true), (Directory.Exists(Path.Combine(fixture.Folder, "node", "pods", uid)), Directory.Exists(memory), Directory.Exists(fixture.Bundles)));
        Assert.Empty(Directory.EnumerateDirectories(fixture.Bundles));
    }

    [Fact]
    public async Task What_pods_left_while_the_node_was_away_is_cleared_at_the_next_start_whatever_its_names_are()
    {
        await using var fixture = new NodeFixture();
        var left = new[] { "a", "b" }.Select(uid => Directory.CreateDirectory(Path.Combine(fixture.Folder, "node", "pods", uid)).FullName).ToList();
        foreach (var folder in left) await Command("bash", "-c", $"PLACE={folder}; {Unremovable}");

        await fixture.Start();
        await fixture.Pods.Listings.WaitAsync();

        Assert.All(left, folder => Assert.False(Directory.Exists(folder)));
    }

    [Theory]
    [InlineData("label.json", "Succeeded")]
    [InlineData("exit", "Failed")]
    public async Task Record_that_a_power_cut_emptied_keeps_the_node_from_nothing(string emptied, string phase)
    {
        await using var fixture = new NodeFixture();
        var pod = Kratix.Actors.Standalone.Nodes.PodIdentity.Of(fixture.Pods.Create("p", Spec([], [Shell("main", "true")])));
        var name = ContainerLabels.NameOf(pod, "main", 0);
        var bundle = new Bundle(fixture.Bundles, name);
        bundle.Create(new BundleLabel(name, pod.Uid, "main", 0, false, "15", null));
        await File.WriteAllTextAsync(bundle.PidFile, "1");
        await File.WriteAllTextAsync(emptied == "exit" ? Path.Combine(bundle.Exits, bundle.Id) : bundle.PathOf(emptied), "");

        await fixture.Start();

        await fixture.Pods.UntilPhase("p", phase);
    }

    [Fact]
    public async Task Endless_log_is_kept_to_its_limit_and_still_ends_with_the_last_line()
    {
        const int most = 64 * 1024;
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { MaxLogBytes = most });
        fixture.Pods.Create("p", Spec([], [Shell("main", "yes 'one line as good as any other' | head -n 20000; echo the last one")]));
        await fixture.Pods.UntilPhase("p", "Succeeded");

        var log = Directory.EnumerateFiles(Path.Combine(fixture.Folder, "node", "logs"), "0.log", SearchOption.AllDirectories).Single();
        Assert.InRange(new FileInfo(log).Length, 1, 2 * most);
        Assert.EndsWith("\nthe last one\n", await LogOf(node, "p", "main"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Step_that_fills_the_disk_fails_and_the_next_pod_has_the_room_again()
    {
        await using var fixture = new NodeFixture();
        var small = Directory.CreateDirectory(Path.Combine(fixture.Folder, "small")).FullName;
        await Command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small);
        try
        {
            var node = await fixture.Start(o => o with { DataFolder = small });
            foreach (var (pod, place) in new[] { ("volume", "/shared"), ("root", "/tmp") })
            {
                fixture.Pods.Create(pod, Spec([], [Shell("main", $"dd if=/dev/zero of={place}/x bs=1M count=32 2>&1", SharedMount)], SharedVolume));
                var failed = await fixture.Pods.UntilPhase(pod, "Failed");
                Assert.Contains($"bytes are free at {small}", failed["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
            }

            fixture.Pods.Create("next", Spec([], [Shell("main", "dd if=/dev/zero of=/shared/x bs=1M count=2", SharedMount)], SharedVolume));
            await fixture.Pods.UntilPhase("next", "Succeeded");
            await fixture.Abandon(node);
        }
        finally
        {
            await Command("umount", "--lazy", small);
        }
    }

    [Fact]
    public async Task Step_that_forks_without_end_meets_a_limit_and_leaves_nothing()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        fixture.Pods.Create("bomb", Spec([], [Shell("main", "while :; do sleep 1000 & done")]));
        await fixture.Pods.UntilPhase("bomb", "Failed");
        Assert.Contains("can't fork", await LogOf(node, "bomb", "main"), StringComparison.Ordinal);

        fixture.Pods.Create("next", Spec([], [Shell("main", "echo processes: /proc/[0-9]*")]));
        await fixture.Pods.UntilPhase("next", "Succeeded");
        Assert.Equal("processes: /proc/1\n", await LogOf(node, "next", "main"));
    }

    [Fact]
    public async Task Processes_that_a_step_leaves_behind_end_with_it()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec(
            [Shell("bomb", "i=0; while [ $i -lt 50 ]; do setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1000; done' & i=$((i + 1)); done; touch /shared/left; exit 0", SharedMount)],
            [Shell("main", "echo processes: /proc/[0-9]*; ls /shared", SharedMount)], SharedVolume));
        await fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("processes: /proc/1\nleft\n", await LogOf(node, "p", "main"));
    }

    [Fact]
    public async Task Container_whose_supervisor_was_killed_does_not_go_on_beside_its_next_attempt_nor_keep_its_network()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { Network = "bridge" });
        fixture.Pods.Create("p", Spec([], [Shell("main", "mkdir /shared/ran && echo up && sleep 1000; echo again; until [ -e /shared/go ]; do sleep 0.05; done", SharedMount)],
            """{"restartPolicy":"OnFailure","volumes":[{"name":"shared","emptyDir":{}}]}"""));
        await fixture.LogContains(node, "p", "main", "up");
        using var first = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Bundle.All(fixture.Bundles).Single().PidFile), CultureInfo.InvariantCulture));
        var networks = Networks();

        Process.GetProcessById(Supervisor.AtWork(fixture.Bundles).Values.Single()).Kill();
        await fixture.Pods.Until("p", p => p["status"]?["containerStatuses"]?[0] is { } c && c["restartCount"]!.GetValue<int>() == 1 && c["state"]?["running"] is not null);
        await first.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);

        Assert.NotEqual(networks.Single().Made, Networks().Single().Made);
        await fixture.Go();
        await fixture.Pods.UntilPhase("p", "Succeeded");

        List<(string Name, string Made)> Networks() => [.. Directory.EnumerateFiles("/run/netns", $"*{ContainerLabels.NodeOf(fixture.Folder)}*").Select(f => (f, Command("stat", "-L", "-c", "%i", f).Result))];
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("nc -l -p 8080 & nc -u -l -p 8081 & sleep 1000 &", true)]
    // Whoever closes first keeps the connection for a minute, and its port with it.
    [InlineData("echo hello | nc -l -p 8080 & until netstat -lnt | grep -q 8080; do :; done; nc 127.0.0.1 8080 < /dev/null", false)]
    public async Task Next_pod_finds_nothing_of_the_one_before_and_gets_its_network_only_if_nothing_lingers_there(string script, bool same)
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { Network = "bridge" });
        var used = new List<string>();
        foreach (var (pod, leave) in new[] { ("a", $"touch /tmp/left /dev/shm/left /shared/left; {script}"), ("b", "true") })
        {
            fixture.Pods.Create(pod, Spec([], [Shell("main", $"netstat -an | grep -c 808; env | grep -c LEFT; ls /tmp /dev/shm /shared | grep -c left; echo processes: /proc/[0-9]*; {leave}\ntrue", $$"""
                {"env":[{"name":"{{(pod == "a" ? "LEFT" : "OTHER")}}","value":"1"}],"volumeMounts":[{"name":"shared","mountPath":"/shared"}]}
                """)], SharedVolume));
            // Made anew or kept: the namespace is a file.
            await fixture.Pods.UntilPhase(pod, "Succeeded");
            used.Add(string.Join(' ', Directory.EnumerateFiles("/run/netns", $"*{ContainerLabels.NodeOf(fixture.Folder)}*").Select(f => Path.GetFileName(f)!)));
        }

        Assert.Equal("0\n0\n0\nprocesses: /proc/1\n", await LogOf(node, "b", "main"));
        Assert.Equal(same ? 1 : 0, used[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Container_keeps_its_network_when_its_neighbour_had_ended_before_the_node_came_back()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { Network = "bridge", StatusInterval = TimeSpan.FromHours(1) });
        const string reach = "ping -c 1 -w 5 $(ip route | awk '/default/ {print $3}') > /dev/null && echo reached";
        fixture.Pods.Create("p", Spec(
            [],
            [
                Shell("brief", "echo up; until [ -e /shared/go ]; do sleep 0.05; done; touch /shared/over", SharedMount),
                Shell("long", $"echo up; until [ -e /shared/back ]; do sleep 0.05; done; {reach}", SharedMount),
            ],
            SharedVolume));
        await fixture.LogContains(node, "p", "brief", "up");
        await fixture.LogContains(node, "p", "long", "up");
        await fixture.Abandon(node);
        await fixture.Go();
        var brief = Bundle.All(fixture.Bundles).Single(b => b.Label().Container == "brief");
        while (Supervisor.AtWork(fixture.Bundles).TryGetValue(brief.Id, out var supervisor))
            await Supervisor.Watch(supervisor, CancellationToken.None);

        node = await fixture.Start(o => o with { Network = "bridge" });
        await fixture.Pods.Until("p", p => p["status"]?["containerStatuses"]?[0]?["state"]?["terminated"] is not null);
        var volumes = Directory.EnumerateDirectories(Path.Combine(fixture.Folder, "node", "pods")).Single();
        await File.WriteAllTextAsync(Path.Combine(volumes, "volumes", "shared", "back"), "");
        await fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("up\nreached\n", await LogOf(node, "p", "long"));
    }
}
