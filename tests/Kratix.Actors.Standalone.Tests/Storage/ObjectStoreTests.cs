using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Storage;

public sealed class ObjectStoreTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kratix-actors-store").FullName;
    private ObjectStore _store = null!;

    public Task InitializeAsync()
    {
        _store = ObjectStore.Open(Path.Combine(_folder, "objects.db"), new StoreBounds(WatchHistory: 100, WatcherBacklog: 10), TimeProvider.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Writers_in_a_crowd_all_get_versions_of_their_own_and_all_are_stored()
    {
        var written = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => _store.TryCreate(Key($"o{i}"), Manifests.ConfigMap($"o{i}"))));

        Assert.Equal(500, written.Select(w => w!.Version).Distinct().Count());
        Assert.Equal(500, _store.List(BuiltIn.ConfigMaps.Storage).Items.Count);
        Assert.Equal(_store.Version, written.Max(w => w!.Version));
    }

    [Fact]
    public async Task Of_two_writers_of_one_state_one_wins()
    {
        var current = (await _store.TryCreate(Key("raced"), Manifests.ConfigMap("raced")))!;
        var (one, two) = (current.Parse(), current.Parse());
        one["data"] = new JsonObject { ["by"] = "one" };
        two["data"] = new JsonObject { ["by"] = "two" };

        var answers = await Task.WhenAll(_store.TryReplace(current, one), _store.TryReplace(current, two));

        Assert.Single(answers, a => a is null);
    }

    [Fact]
    public async Task Change_tries_again_until_its_own_change_is_in()
    {
        await _store.TryCreate(Key("counter"), Manifests.ConfigMap("counter", data: new JsonObject { ["n"] = "0" }));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _store.Change(Key("counter"), o =>
        {
            o.Made("data")["n"] = (int.Parse(o.At("data", "n").AsText(), System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return o;
        })));

        Assert.Equal("20", _store.Get(Key("counter"))!.Parse().At("data", "n").AsText());
    }

    [Fact]
    public async Task The_stored_bytes_carry_their_own_version_whatever_the_object_contains()
    {
        var tricky = Manifests.ConfigMap("tricky", labels: new JsonObject { ["resourceVersion"] = "" }, data: new JsonObject { ["text"] = "\"resourceVersion\":\"\"", ["umlaut"] = "ä<>&" });

        var stored = (await _store.TryCreate(Key("tricky"), tricky))!;

        var tree = stored.Parse();
        Assert.Equal(stored.Version.ToString(System.Globalization.CultureInfo.InvariantCulture), tree.At("metadata", "resourceVersion").AsText());
        Assert.Equal("", tree.At("metadata", "labels", "resourceVersion").AsText());
        Assert.Equal("ä<>&", tree.At("data", "umlaut").AsText());
    }

    [Fact]
    public async Task A_watcher_that_falls_too_far_behind_is_cut_off_and_told()
    {
        using var subscription = _store.Subscribe(BuiltIn.ConfigMaps.Storage, _store.Version);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _store.TryCreate(Key($"w{i}"), Manifests.ConfigMap($"w{i}"))));

        await Assert.ThrowsAsync<WatchExpiredException>(async () =>
        {
            await foreach (var e in subscription.Events.ReadAllAsync()) Assert.Equal(WatchEventType.Added, e.Type);
        });
    }

    [Fact]
    public async Task Generation_moves_with_the_spec_and_not_with_status_or_labels()
    {
        var o = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new JsonObject { ["generation"] = 1 }, ["spec"] = new JsonObject { ["a"] = 1 } };
        var key = BuiltIn.Pods.Key("default", "p");
        await _store.TryCreate(key, o);

        await _store.Change(key, t => With(t, "status", new JsonObject { ["phase"] = "Running" }));
        await _store.Change(key, t => { t.Made("metadata").Made("labels")["x"] = "y"; return t; });
        Assert.Equal("1", _store.Get(key)!.Parse().At("metadata", "generation").AsText());
        await _store.Change(key, t => With(t, "spec", new JsonObject { ["a"] = 2 }));
        Assert.Equal("2", _store.Get(key)!.Parse().At("metadata", "generation").AsText());
    }

    [Fact]
    public async Task Writing_to_a_closed_store_says_that_it_is_closed()
    {
        await _store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => _store.TryCreate(Key("late"), Manifests.ConfigMap("late")));
    }

    private static ObjectKey Key(string name) => BuiltIn.ConfigMaps.Key("default", name);

    private static JsonObject With(JsonObject o, string name, JsonNode value)
    {
        o[name] = value;
        return o;
    }
}
