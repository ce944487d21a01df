using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Nodes;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Nodes.Oci;
using static Kratix.Actors.Standalone.Tests.Nodes.NodeFixture;

namespace Kratix.Actors.Standalone.Tests.Nodes;

/// <summary>Podman's images, containers by runc.</summary>
public sealed class OciContainerTests() : RealContainerTests("oci")
{
    // Rights, filters, namespaces' insides, mounts with their options, limits, files: whatever of isolation can be seen from inside. Each line is the same
    // whenever it is asked: processes are counted by the shell itself, because in `ps | wc -l` the one may be done before the other is there. And files
    // that are mounted one by one are told without the file system they come from: it is that of Podman's folder or of ours.
    private const string LookAround = """
        exec 2>&1
        grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status; id; pwd; hostname; cat /etc/hostname
        env | sort; ulimit -n; ls /dev; ls /proc/acpi /sys/firmware 2>/dev/null
        awk '$5 != "/" { for (i = 7; $i != "-"; i++) sub(/:.*/, "", $i); $1 = $2 = $3 = $4 = $(i + 2) = ""; if ($5 ~ "^/(etc|run)/") $(i + 1) = $(i + 3) = ""; print }' /proc/self/mountinfo | sort
        cat /proc/net/dev | wc -l; cat /proc/kcore 2>/dev/null | head -c 1 | wc -c; echo x > /proc/sys/kernel/hostname; mount -t tmpfs none /tmp
        cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory.max 2>/dev/null
        echo processes: /proc/[0-9]*
        """;

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"resources":{"limits":{"memory":"64Mi","cpu":"500m"}}}""")]
    [InlineData("""{"securityContext":{"runAsUser":1234,"runAsGroup":77,"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"],"add":["CHOWN"]}}}""")]
    public async Task Container_sees_what_podman_would_let_it_see(string more)
    {
        var seen = new Dictionary<string, string>();
        foreach (var engine in (string[])["podman", "oci"])
        {
            await using var fixture = new NodeFixture(engine);
            var node = await fixture.Start();
            fixture.Pods.Create("p", Spec([], [Shell("main", LookAround, more)]));
            await fixture.Pods.Until("p", p => p["status"]?["phase"]?.GetValue<string>() is "Succeeded" or "Failed");
            seen[engine] = await LogOf(node, "p", "main");
        }

        Assert.Equal(WithoutShm(seen["podman"]), WithoutShm(seen["oci"]));
        Assert.Contains("Seccomp:\t2", seen["oci"], StringComparison.Ordinal);

        // Podman's lies on the machine, for others to share; ours is the container's own.
        static string WithoutShm(string seen) => string.Join('\n', seen.Split('\n').Where(l => !l.Contains(" /dev/shm ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Pods_on_a_bridge_have_networks_of_their_own_that_reach_this_machine()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { Network = "bridge" });
        fixture.Pods.Create("a", Spec([Shell("init", "ip -4 addr show eth0 | grep inet")], [Shell("main", "ip -4 addr show eth0 | grep inet; ping -c 1 -w 5 $(ip route | awk '/default/ {print $3}') > /dev/null && echo reached; cat /etc/hosts", SharedMount)], SharedVolume));
        await fixture.Pods.UntilPhase("a", "Succeeded");
        var (first, second) = (await LogOf(node, "a", "init"), await LogOf(node, "a", "main"));

        Assert.StartsWith(first, second, StringComparison.Ordinal);
        Assert.Contains("reached", second, StringComparison.Ordinal);
        Assert.Contains($"{first.Trim().Split(' ', '/')[1]}\ta", second, StringComparison.Ordinal);
        await fixture.Abandon(node);
        Assert.DoesNotContain(ContainerLabels.NodeOf(fixture.Folder), await Podman("network", "ls"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Network_of_a_running_container_outlives_the_node_and_is_taken_up_again()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start(o => o with { Network = "bridge" });
        fixture.Pods.Create("p", Spec([], [Shell("main", "echo up; until [ -e /shared/go ]; do sleep 0.05; done; ping -c 1 -w 5 $(ip route | awk '/default/ {print $3}') > /dev/null", SharedMount)], SharedVolume));
        await fixture.LogContains(node, "p", "main", "up");
        await fixture.Abandon(node);

        node = await fixture.Start(o => o with { Network = "bridge" });
        await fixture.Go();
        await fixture.Pods.UntilPhase("p", "Succeeded");

        await fixture.Abandon(node);
        Assert.DoesNotContain(ContainerLabels.NodeOf(fixture.Folder), await Podman("network", "ls"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_made_anew_under_its_name_is_the_one_that_runs_next()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        var name = $"localhost/kratix-test-{Guid.NewGuid():N}:1";
        var made = await Made();
        try
        {
            foreach (var mark in (string[])["one", "two"])
            {
                await Commit(made, $"ENV MARK={mark}", name);
                fixture.Pods.Create(mark, Spec([], [Shell("main", "echo $MARK", $$"""{"image":"{{name}}"}""")]));
                await fixture.Pods.UntilPhase(mark, "Succeeded");
                Assert.Equal($"{mark}\n", await LogOf(node, mark, "main"));
            }
        }
        finally
        {
            await Podman("rm", made);
            await Podman("rmi", "--force", name);
        }
    }

    [Fact]
    public async Task Container_whose_supervisor_was_killed_has_failed_and_is_not_run_again()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec([], [Shell("main", "mkdir /shared/ran || echo twice; echo up; sleep 1000", SharedMount)], SharedVolume));
        await fixture.LogContains(node, "p", "main", "up");

        System.Diagnostics.Process.GetProcessById(Supervisor.AtWork(fixture.Bundles).Values.Single()).Kill();
        var pod = await fixture.Pods.UntilPhase("p", "Failed");

        Assert.Equal(137, pod["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!["exitCode"]!.GetValue<int>());
        Assert.Equal("up\n", await LogOf(node, "p", "main"));
        await fixture.Pods.Delete("p", graceSeconds: 0);
        Assert.Empty(await fixture.Containers());
    }

    [Fact]
    public async Task Container_that_was_made_but_never_begun_is_made_again()
    {
        await using var fixture = new NodeFixture();
        var pod = fixture.Pods.Create("p", Spec([], [Shell("main", "echo ran")]));
        var identity = PodIdentity.Of(pod);
        new Bundle(fixture.Bundles, ContainerLabels.NameOf(identity, "main", 0)).Create(new BundleLabel(ContainerLabels.NameOf(identity, "main", 0), identity.Uid, "main", 0, false, "15", null));
        Directory.CreateDirectory(Path.Combine(fixture.Bundles, "half"));

        var node = await fixture.Start();
        await fixture.Pods.UntilPhase("p", "Succeeded");

        Assert.Equal("ran\n", await LogOf(node, "p", "main"));
        Assert.False(Directory.Exists(Path.Combine(fixture.Bundles, "half")));
    }

    [Fact]
    public async Task Container_whose_image_declares_a_volume_is_left_to_podman_and_runs()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        var name = $"localhost/kratix-test-{Guid.NewGuid():N}:1";
        try
        {
            var made = await Made();
            await Commit(made, "VOLUME /data", name);
            await Podman("rm", made);
            fixture.Pods.Create("p", Spec([], [Shell("main", "echo kept > /data/file; cat /data/file; exit 3", $$"""{"image":"{{name}}"}""")]));

            await fixture.Pods.UntilPhase("p", "Failed");

            Assert.Equal("kept\n", await LogOf(node, "p", "main"));
        }
        finally
        {
            await Podman("rmi", "--force", name);
        }
    }

    [Fact]
    public async Task Containers_environment_is_on_disk_only_while_it_runs_and_only_for_its_owner()
    {
        await using var fixture = new NodeFixture();
        var node = await fixture.Start();
        fixture.Pods.Create("p", Spec(
            [Shell("step", "echo up; until [ -e /shared/go ]; do sleep 0.05; done", """{"env":[{"name":"KEY","value":"s3cr3t"}],"volumeMounts":[{"name":"shared","mountPath":"/shared"}]}""")],
            [Shell("main", "echo up; until [ -e /shared/went ]; do sleep 0.05; done", SharedMount)], SharedVolume));
        await fixture.LogContains(node, "p", "step", "up");
        var config = Directory.EnumerateFiles(fixture.Bundles, "config.json", SearchOption.AllDirectories).Single();
        Assert.StartsWith("-rw-------", await Command("ls", "-l", config), StringComparison.Ordinal);
        await fixture.Go();
        await fixture.LogContains(node, "p", "main", "up");

        Assert.False(File.Exists(config));
    }

    private static async Task<string> Made() => (await Patiently("create", "--pull", "never", Busybox, "true")).Trim();

    private static async Task Commit(string container, string change, string image) => await Patiently("commit", "--quiet", "--change", change, container, image);

    // While another process changes its storage, Podman misses images that are there.
    private static async Task<string> Patiently(params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await Podman(arguments);
            if (attempt == 5 || System.Text.RegularExpressions.Regex.IsMatch(answer.Trim(), "^(sha256:)?[0-9a-f]{64}$")) return answer;
        }
    }

    [Fact]
    public async Task Engine_oci_on_a_network_of_podmans_own_stops_the_start_with_the_reason()
    {
        await using var fixture = new NodeFixture();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.Start(o => o with { Network = "backstage" }));

        Assert.Contains("'backstage'", refused.Message, StringComparison.Ordinal);
    }
}
