using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>A Destination in a bucket, and an agent that applies what is written there.</summary>
public sealed class BucketTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R98", "A Destination in a BucketStateStore takes requests' files; gitops applies them and deletes what is gone.")]
    public async Task What_is_written_to_a_bucket_is_applied_and_goes_with_its_request()
    {
        await using var server = await S3Server.Start(shared.FolderFor("bucketed-s3"));
        var corner = await InBucket("bucketed");
        await corner.Kubectl.Apply(Manifests.List(Secret(corner, S3Server.Key), Store(corner, server, S3Server.Bucket)));
        await corner.Install(corner.Promise([Manifests.Pipeline("main", "cp /dev/stdin /kratix/output/a.yaml <<END\n{ apiVersion: v1, kind: ConfigMap, metadata: { name: bucketed-a }, data: { value: $(field spec value) } }\nEND")]));
        await corner.Request("a");
        await corner.Reconciled("a");
        Assert.Empty(await corner.Repository.Files());
        var first = await Applied("one");

        await corner.Request("a", "two");
        await corner.Reconciled("a");
        Assert.NotEqual(first, await Applied("two"));

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        Assert.Equal("an empty state store: 0 objects applied\n  deleted v1 ConfigMap default/bucketed-a\n", (await Once(corner)).Output);
        await corner.Kubectl.WaitGone("configmap/bucketed-a");

        async Task<string?> Applied(string value)
        {
            var said = await Once(corner);
            var revision = (await corner.Kubectl.Get("configmap", "gitops-bucketed", "kratix-platform-system")).Text("data.lastAppliedRevision");
            Assert.Equal((0, $"revision {revision?[..10]}: 1 objects applied\n"), (said.ExitCode, said.All));
            Assert.Equal(value, (await corner.Kubectl.Get("configmap", "bucketed-a")).Text("data.value"));
            return revision;
        }
    }

    [Fact]
    public async Task A_bucket_that_cannot_be_read_is_named_and_read_once_it_can()
    {
        await using var server = await S3Server.Start(shared.FolderFor("mended-s3"));
        var corner = await InBucket("mended");
        await corner.Kubectl.Apply(Manifests.List(Secret(corner, "nobody"), Store(corner, server, "elsewhere")));
        using var agent = Process.Start(Command.StartInfo("dotnet", [.. Program(corner), "--interval", "1"], null))!;

        try
        {
            await Says(agent.StandardError, $"{server.Endpoint}/elsewhere: access was denied");
            await corner.Kubectl.Apply(Secret(corner, S3Server.Key));
            await Says(agent.StandardError, $"{server.Endpoint}/elsewhere: there is no such bucket");
            await corner.Kubectl.Apply(Store(corner, server, S3Server.Bucket));
            await Says(agent.StandardOutput, "an empty state store: 0 objects applied");

            await Command.Run("kill", ["-TERM", agent.Id.ToString(CultureInfo.InvariantCulture)]);
            await agent.WaitForExitAsync();
            Assert.Equal(0, agent.ExitCode);
        }
        finally
        {
            agent.Kill(entireProcessTree: true);
        }
    }

    private static async Task Says(StreamReader reader, string words)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await reader.ReadLineAsync(limit.Token) is var line && line?.Contains(words, StringComparison.Ordinal) != true)
            Assert.NotNull(line);
    }

    private Task<Corner> InBucket(string name) =>
        shared.Corner(name, new JsonObject { ["stateStoreRef"] = new JsonObject { ["kind"] = "BucketStateStore", ["name"] = name } });

    private static string[] Program(Corner corner) => [Checkout.Program, "gitops", corner.Name, "--kubeconfig", Path.Combine(corner.Platform.DataFolder, "kubeconfig")];

    private static Task<Said> Once(Corner corner) => Command.Try("dotnet", [.. Program(corner), "--once"]);

    private static JsonObject Secret(Corner corner, string key) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = $"{corner.Name}-keys", ["namespace"] = "default" },
        ["data"] = new JsonObject { ["accessKeyID"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)), ["secretAccessKey"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)) },
    };

    private static JsonObject Store(Corner corner, S3Server server, string bucket) => new()
    {
        ["apiVersion"] = "platform.kratix.io/v1alpha1",
        ["kind"] = "BucketStateStore",
        ["metadata"] = new JsonObject { ["name"] = corner.Name },
        ["spec"] = new JsonObject
        {
            ["endpoint"] = server.Endpoint,
            ["insecure"] = true,
            ["bucketName"] = bucket,
            ["secretRef"] = new JsonObject { ["name"] = $"{corner.Name}-keys", ["namespace"] = "default" },
        },
    };
}
