using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

public sealed class RestartTests
{
    [Fact]
    public async Task After_a_restart_everything_is_there_and_the_old_kubeconfig_still_works()
    {
        await using var server = await TestServer.Start();
        await server.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Manifests.Json(Manifests.WebsiteDefinition));
        await server.Post("/apis/example.com/v1/namespaces/default/websites", Manifests.Json(Manifests.Website("kept")));
        var (url, version) = (server.Server.Url, server.Server.Store.Version);

        await server.Restart();

        Assert.Equal(url, server.Server.Url);
        Assert.True(server.Server.Store.Version >= version);
        Assert.Equal("home", (await server.Kubectl.Run("get web kept -o jsonpath={.spec.title}")).Succeeded().Out);
    }

    [Fact]
    public async Task A_port_that_somebody_took_meanwhile_is_left_to_them()
    {
        await using var server = await TestServer.Start();
        var url = server.Server.Url;
        using var other = new TcpListener(IPAddress.Loopback, url.Port);

        await server.Restart(other.Start);

        Assert.NotEqual(url.Port, server.Server.Url.Port);
        Assert.Equal("default", (await server.Kubectl.Run("get namespace default -o jsonpath={.metadata.name}")).Succeeded().Out);
    }

    [Fact]
    public async Task What_was_acknowledged_survives_a_crash_at_any_moment()
    {
        await using var server = await TestServer.Start();
        for (var i = 0; i < 20; i++) await server.Post("/api/v1/namespaces/default/configmaps", Manifests.ConfigMap($"c{i}"));
        var copy = Directory.CreateTempSubdirectory("kratix-actors-crash").FullName;

        // What a dead machine would leave: the files as they are now, without any farewell.
        foreach (var file in Directory.GetFiles(server.Folder, "objects.db*")) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await using (var survivor = ObjectStore.Open(Path.Combine(copy, "objects.db"), new StoreBounds(), TimeProvider.System))
        {
            Assert.Equal(20, survivor.List(BuiltIn.ConfigMaps.Storage).Items.Count(o => o.Name.StartsWith('c')));
            Assert.Equal(server.Server.Store.Version, survivor.Version);
        }
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task A_namespace_whose_deletion_was_interrupted_is_finished_after_the_restart()
    {
        await using var server = await TestServer.Start();
        var ns = BuiltIn.Namespaces.Key("", "half");
        await server.Post("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "half" } });
        var inside = Manifests.ConfigMap("inside", "half");
        inside.Made("metadata")["finalizers"] = new JsonArray("example.com/hold");
        await server.Post("/api/v1/namespaces/half/configmaps", inside);
        await server.Send(HttpMethod.Delete, "/api/v1/namespaces/half");

        await server.Restart();
        Assert.NotNull(server.Server.Store.Get(ns));
        await server.Merge("/api/v1/namespaces/half/configmaps/inside", Manifests.Json("{metadata: {finalizers: null}}"));

        await server.Gone(ns);
    }

    [Fact]
    public async Task A_data_folder_of_a_newer_version_is_refused_by_name()
    {
        var folder = Directory.CreateTempSubdirectory("kratix-actors-newer").FullName;
        var path = Path.Combine(folder, "objects.db");
        await ObjectStore.Open(path, new StoreBounds(), TimeProvider.System).DisposeAsync();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version=99";
            command.ExecuteNonQuery();
        }

        var refusal = Assert.Throws<InvalidDataException>(() => ObjectStore.Open(path, new StoreBounds(), TimeProvider.System));

        Assert.Contains("written by a newer version of this program (schema 99", refusal.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
