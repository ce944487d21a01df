using System.Text.Json.Nodes;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Xunit;

namespace Kratix.Actors.PortContracts;

/// <summary>
/// What an implementation of the Kubernetes port is tested through. <paramref name="WithStatus"/> is a namespaced kind that is served, keeps an
/// arbitrary <c>spec</c> and <c>status</c> and has a status subresource.
/// </summary>
public sealed record KubernetesUnderTest(IKubernetes Objects, IResourceWatch Watches, ResourceType WithStatus);

/// <summary>What every implementation of <see cref="IKubernetes"/> and <see cref="IResourceWatch"/> does. Names are fresh, so that servers may be shared.</summary>
public abstract class KubernetesContract : IAsyncLifetime
{
    private static readonly ResourceType Map = new("", "v1", "configmaps", "ConfigMap", true);
    private static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", false);

    private readonly string _name = $"contract-{Guid.NewGuid():N}"[..20];
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private KubernetesUnderTest _test = null!;

    protected abstract Task<KubernetesUnderTest> Start();

    protected abstract Task Stop();

    public async Task InitializeAsync() => _test = await Start();

    public async Task DisposeAsync()
    {
        await Stop();
        _limit.Dispose();
    }

    [Fact]
    public async Task Get_of_nothing_is_not_found() => Refused(Refusal.NotFound, await _test.Objects.Get(Map, "default", _name, _limit.Token));

    [Fact]
    public async Task Create_gives_identity_and_get_gives_it_back()
    {
        var created = Done(await Create(new JsonObject { ["k"] = "v" }));
        Assert.NotEmpty((string?)created["metadata"]!["uid"] ?? "");
        Assert.NotEmpty((string?)created["metadata"]!["resourceVersion"] ?? "");
        Assert.Equal(("ConfigMap", "v1"), ((string?)created["kind"], (string?)created["apiVersion"]));
        var got = Done(await _test.Objects.Get(Map, "default", _name, _limit.Token));
        Assert.Equal(("v", (string?)created["metadata"]!["uid"]), ((string?)got["data"]!["k"], (string?)got["metadata"]!["uid"]));
    }

    [Fact]
    public async Task Create_of_what_is_there_already_is_refused_as_such()
    {
        Done(await Create([]));
        Refused(Refusal.AlreadyExists, await Create([]));
    }

    [Fact]
    public async Task List_finds_by_label_and_by_namespace()
    {
        var other = $"{_name}-ns";
        Done(await _test.Objects.Create(Namespace, null, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = other } }, _limit.Token));
        Done(await Create([], _name, "default"));
        Done(await Create([], $"{_name}-2", "default", "other"));
        Done(await Create([], _name, other));
        Assert.Equal([$"default/{_name}", $"default/{_name}-2"], await Names("default", $"test={_name}"));
        Assert.Equal([$"default/{_name}-2"], await Names("default", $"test={_name},kind=other"));
        Assert.Equal([$"{other}/{_name}", $"default/{_name}"], await Names(null, $"test={_name},kind!=other"));
        Assert.Equal([], await Names("default", $"test={_name},missing"));
        Done(await _test.Objects.Delete(Namespace, null, other, _limit.Token));
    }

    [Fact]
    public async Task Merge_patch_sets_and_removes()
    {
        Done(await Create(new JsonObject { ["a"] = "1", ["b"] = "2" }));
        var patched = Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["a"] = null, ["c"] = "3" } }));
        Assert.Equal("""{"b":"2","c":"3"}""", patched["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Patch_that_changes_nothing_makes_no_new_version()
    {
        var created = Done(await Create(new JsonObject { ["a"] = "1" }));
        var patched = Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["a"] = "1" } }));
        Assert.Equal((string?)created["metadata"]!["resourceVersion"], (string?)patched["metadata"]!["resourceVersion"]);
    }

    [Fact]
    public async Task Patch_on_an_old_version_is_a_conflict()
    {
        var version = (string?)Done(await Create([]))["metadata"]!["resourceVersion"];
        Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["a"] = "1" } }));
        Refused(Refusal.Conflict, await Patch(PatchKind.Merge, new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = version }, ["data"] = new JsonObject { ["a"] = "2" },
        }));
    }

    [Fact]
    public async Task Patch_of_nothing_is_not_found() => Refused(Refusal.NotFound, await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject() }));

    [Fact]
    public async Task Json_patch_changes_and_a_failing_one_is_refused()
    {
        Done(await Create(new JsonObject { ["a"] = "1" }));
        JsonArray Operations(string op, string? value) => [new JsonObject { ["op"] = op, ["path"] = "/data/a", ["value"] = value }];
        Assert.Equal("2", (string?)Done(await Patch(PatchKind.Json, Operations("replace", "2")))["data"]!["a"]);
        Assert.IsType<Outcome<JsonObject>.Terminal>(await Patch(PatchKind.Json, Operations("test", "wrong")));
    }

    [Fact]
    public async Task Apply_creates_and_then_changes()
    {
        JsonObject Body(string value) => new()
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = _name, ["namespace"] = "default" }, ["data"] = new JsonObject { ["a"] = value },
        };
        Done(await Patch(PatchKind.Apply, Body("1")));
        Assert.Equal("2", (string?)Done(await Patch(PatchKind.Apply, Body("2")))["data"]!["a"]);
    }

    [Fact]
    public async Task Apply_takes_back_what_it_no_longer_says_and_leaves_what_others_said()
    {
        JsonObject Body(params string[] keys) => new()
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = _name, ["namespace"] = "default" }, ["data"] = new JsonObject(keys.Select(k => KeyValuePair.Create(k, (JsonNode?)"x"))),
        };
        Done(await Patch(PatchKind.Apply, Body("a", "b")));
        Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["other"] = "y" } }));
        Assert.Equal("""{"a":"x","other":"y"}""", Done(await Patch(PatchKind.Apply, Body("a")))["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Object_that_is_to_go_takes_no_new_finalizers()
    {
        Done(await Create([]));
        Done(await Patch(PatchKind.Merge, Finalizers("example.org/hold")));
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
        Refused(Refusal.Invalid, await Patch(PatchKind.Merge, Finalizers("example.org/hold", "example.org/more")));
        Done(await Patch(PatchKind.Merge, Finalizers()));
    }

    [Fact]
    public async Task Status_is_written_through_its_subresource_only()
    {
        var type = _test.WithStatus;
        var body = new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = new JsonObject { ["name"] = _name }, ["spec"] = new JsonObject { ["size"] = 1 } };
        Assert.Equal(1, (long?)Done(await _test.Objects.Create(type, "default", body, _limit.Token))["metadata"]!["generation"]);
        var both = new JsonObject { ["spec"] = new JsonObject { ["size"] = 2 }, ["status"] = new JsonObject { ["message"] = "hello" } };
        var status = Done(await _test.Objects.Patch(type, "default", _name, PatchKind.Merge, both, "status", _limit.Token));
        Assert.Equal((1, "hello", 1), ((long?)status["spec"]!["size"], (string?)status["status"]!["message"], (long?)status["metadata"]!["generation"]));
        both["status"]!["message"] = "ignored";
        var spec = Done(await _test.Objects.Patch(type, "default", _name, PatchKind.Merge, both, null, _limit.Token));
        Assert.Equal((2, "hello", 2), ((long?)spec["spec"]!["size"], (string?)spec["status"]!["message"], (long?)spec["metadata"]!["generation"]));
    }

    [Fact]
    public async Task Delete_is_done_also_when_nothing_is_there()
    {
        Done(await Create([]));
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
        Refused(Refusal.NotFound, await _test.Objects.Get(Map, "default", _name, _limit.Token));
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
    }

    [Fact]
    public async Task Finalizer_holds_a_deleted_object_until_it_is_taken_away()
    {
        Done(await Create([]));
        Done(await Patch(PatchKind.Merge, Finalizers("example.org/hold")));
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
        Assert.NotNull(Done(await _test.Objects.Get(Map, "default", _name, _limit.Token))["metadata"]!["deletionTimestamp"]);
        Done(await Patch(PatchKind.Merge, Finalizers()));
        Refused(Refusal.NotFound, await _test.Objects.Get(Map, "default", _name, _limit.Token));
    }

    [Fact]
    public async Task Watch_tells_what_is_there_then_what_changes_and_ends_with_its_token()
    {
        Done(await Create(new JsonObject { ["a"] = "1" }));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        await using var signals = _test.Watches.Watch(Map, "default", $"test={_name}", stop.Token).GetAsyncEnumerator();
        Assert.Equal(_name, (string?)Assert.Single((await Next<WatchSignal.Listed>(signals)).Items)["metadata"]!["name"]);
        Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["a"] = "2" } }));
        var changed = (await Next<WatchSignal.Changed>(signals)).Item;
        Assert.Equal(("2", "ConfigMap", "v1"), ((string?)changed["data"]!["a"], (string?)changed["kind"], (string?)changed["apiVersion"]));
        Done(await Create([], $"{_name}-2", "default"));
        Assert.Equal($"{_name}-2", (string?)(await Next<WatchSignal.Changed>(signals)).Item["metadata"]!["name"]);
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
        Assert.Equal(_name, (string?)(await Next<WatchSignal.Removed>(signals)).Item["metadata"]!["name"]);
        await stop.CancelAsync();
        Assert.False(await signals.MoveNextAsync());
    }

    [Fact]
    public async Task Watch_by_label_takes_an_object_that_loses_the_label_for_removed()
    {
        Done(await Create([]));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        await using var signals = _test.Watches.Watch(Map, "default", $"test={_name}", stop.Token).GetAsyncEnumerator();
        await Next<WatchSignal.Listed>(signals);
        Done(await Patch(PatchKind.Merge, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["test"] = null } } }));
        await Next<WatchSignal.Removed>(signals);
        await stop.CancelAsync();
    }

    [Fact]
    public async Task Watch_of_one_object_tells_of_no_other_and_also_when_it_comes_and_goes()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Done(await Create([], $"{_name}-2"));
        await using var signals = _test.Watches.WatchOne(Map, "default", _name, stop.Token).GetAsyncEnumerator();
        Assert.Empty((await Next<WatchSignal.Listed>(signals)).Items);
        Done(await Create([], $"{_name}-3"));
        Done(await Create(new JsonObject { ["a"] = "1" }));
        Assert.Equal(_name, (string?)(await Next<WatchSignal.Changed>(signals)).Item["metadata"]!["name"]);
        Done(await Patch(PatchKind.Merge, new JsonObject { ["data"] = new JsonObject { ["a"] = "2" } }));
        Assert.Equal("2", (string?)(await Next<WatchSignal.Changed>(signals)).Item["data"]!["a"]);
        Done(await _test.Objects.Delete(Map, "default", $"{_name}-2", _limit.Token));
        Done(await _test.Objects.Delete(Map, "default", _name, _limit.Token));
        Assert.Equal(_name, (string?)(await Next<WatchSignal.Removed>(signals)).Item["metadata"]!["name"]);
        await using var again = _test.Watches.WatchOne(Map, "default", $"{_name}-3", stop.Token).GetAsyncEnumerator();
        Assert.Equal($"{_name}-3", (string?)Assert.Single((await Next<WatchSignal.Listed>(again)).Items)["metadata"]!["name"]);
        await stop.CancelAsync();
    }

    protected Task<Outcome<JsonObject>> Create(JsonObject data, string? name = null, string ns = "default", string kind = "one") => _test.Objects.Create(
        Map, ns,
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name ?? _name, ["namespace"] = ns, ["labels"] = new JsonObject { ["test"] = _name, ["kind"] = kind } },
            ["data"] = data,
        },
        _limit.Token);

    private Task<Outcome<JsonObject>> Patch(PatchKind kind, JsonNode body) => _test.Objects.Patch(Map, "default", _name, kind, body, null, _limit.Token);

    private async Task<IEnumerable<string>> Names(string? ns, string selector) =>
        Done(await _test.Objects.List(Map, ns, selector, _limit.Token)).Select(o => $"{o["metadata"]!["namespace"]}/{o["metadata"]!["name"]}").Order(StringComparer.Ordinal);

    private static JsonObject Finalizers(params string[] names) =>
        new() { ["metadata"] = new JsonObject { ["finalizers"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) } };

    private static async Task<T> Next<T>(IAsyncEnumerator<WatchSignal> signals) where T : WatchSignal
    {
        Assert.True(await signals.MoveNextAsync());
        return Assert.IsType<T>(signals.Current);
    }

    private static T Done<T>(Outcome<T> outcome) => outcome is Outcome<T>.Done done ? done.Value : throw new Xunit.Sdk.XunitException(outcome.Failure);

    protected static void Refused<T>(Refusal code, Outcome<T> outcome)
    {
        var refused = Assert.IsType<Outcome<T>.Terminal>(outcome);
        Assert.Equal(code, refused.Code);
        Assert.NotEmpty(refused.Reason);
    }
}
