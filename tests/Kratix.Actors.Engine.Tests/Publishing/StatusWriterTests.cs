using System.Text.Json.Nodes;
using Kratix.Actors.Engine.Publishing;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.Publishing;

public sealed class StatusWriterTests
{
    private readonly ActorTestKit _kit = new();
    private readonly FakeKubernetes _kubernetes;
    private readonly SlowKubernetes _slow;
    private readonly StatusWriter _writer;
    private readonly JsonObject _item;

    public StatusWriterTests()
    {
        _kubernetes = new FakeKubernetes(_kit.Time);
        _slow = new SlowKubernetes(_kubernetes);
        _writer = new StatusWriter(Samples.World(_slow, _kubernetes, _kit.Time));
        _item = ((Outcome<JsonObject>.Done)_kit.Settle(() => _kubernetes.Create(EngineBed.Redis, "default", Samples.Request("a"), default))).Value;
    }

    [Fact]
    public void Burst_of_changes_costs_few_writes_and_ends_with_the_last()
    {
        _slow.Gate = new TaskCompletionSource();
        for (var i = 0; i < 100; i++)
            Publish(new JsonObject { ["message"] = $"step {i}" });
        _kit.Dispatcher.InContext(_slow.Gate.SetResult);
        _kit.Run();

        Assert.Equal(2, _slow.Patches);
        Assert.Equal("step 99", Status()!["message"]!.ToString());
    }

    [Fact]
    public void What_is_shown_already_is_not_written()
    {
        Publish(new JsonObject { ["message"] = "hi" });
        Publish(new JsonObject { ["message"] = "hi" });

        Assert.Equal(1, _slow.Patches);
    }

    [Fact]
    public void What_was_published_and_is_wanted_no_more_is_taken_away_and_fields_of_others_stay()
    {
        _kit.Settle(() => _kubernetes.Patch(EngineBed.Redis, "default", "a", PatchKind.Merge, JsonNode.Parse("""{"status":{"theirs":1}}""")!, "status", default));
        Publish(JsonNode.Parse("""{"message":"hi","kratix":{"a":1,"b":2}}""")!.AsObject());
        Publish(JsonNode.Parse("""{"kratix":{"a":1}}""")!.AsObject());

        Assert.Equal("""{"theirs":1,"kratix":{"a":1}}""", Status()!.ToJsonString());
    }

    [Fact]
    public void Status_on_its_way_for_an_object_that_was_replaced_does_not_stay_on_the_other()
    {
        _slow.Gate = new TaskCompletionSource();
        Publish(new JsonObject { ["message"] = "of the first", ["more"] = 1 });
        _kit.Settle(() => _kubernetes.Delete(EngineBed.Redis, "default", "a", default));
        var other = ((Outcome<JsonObject>.Done)_kit.Settle(() => _kubernetes.Create(EngineBed.Redis, "default", Samples.Request("a"), default))).Value;
        _kit.Dispatcher.InContext(() => _writer.Publish(EngineBed.Redis, other, () => new JsonObject { ["message"] = "of the other" }));
        _kit.Dispatcher.InContext(_slow.Gate.SetResult);
        _kit.Run();

        Assert.Equal("""{"message":"of the other"}""", Status()!.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_that_fails_is_tried_again_with_the_newest(bool throws)
    {
        _slow.Throws = throws;
        _kubernetes.Fail = (_, _, _) => new Outcome<Nothing>.Transient("timeout");
        Publish(new JsonObject { ["message"] = "one" });
        Publish(new JsonObject { ["message"] = "two" });
        _kit.Advance(TimeSpan.FromSeconds(10));
        Assert.InRange(_slow.Patches, 2, 8);

        _kubernetes.Fail = null;
        _slow.Throws = false;
        _kit.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("two", Status()!["message"]!.ToString());
    }

    [Fact]
    public void Object_that_is_gone_ends_it()
    {
        _kit.Settle(() => _kubernetes.Delete(EngineBed.Redis, "default", "a", default));
        Publish(new JsonObject { ["message"] = "one" });
        _kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(1, _slow.Patches);
    }

    private void Publish(JsonObject status)
    {
        _kit.Dispatcher.InContext(() => _writer.Publish(EngineBed.Redis, _item, () => status.DeepClone().AsObject()));
        _kit.Run();
    }

    private JsonNode? Status() => ((Outcome<JsonObject>.Done)_kit.Settle(() => _kubernetes.Get(EngineBed.Redis, "default", "a", default))).Value["status"];

    /// <summary>Holds patches back until its gate opens, and counts them.</summary>
    private sealed class SlowKubernetes(FakeKubernetes inner) : IKubernetes
    {
        internal TaskCompletionSource? Gate { get; set; }

        internal bool Throws { get; set; }

        internal int Patches { get; private set; }

        public async Task<Outcome<JsonObject>> Patch(ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation)
        {
            Patches++;
            if (Gate is { } gate)
                await gate.Task;
            return Throws ? throw new InvalidOperationException("a bug") : await inner.Patch(type, ns, name, kind, body, subresource, cancellation);
        }

        public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => inner.Get(type, ns, name, cancellation);

        public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
            inner.List(type, ns, labelSelector, cancellation);

        public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) => inner.Create(type, ns, body, cancellation);

        public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation) => inner.Delete(type, ns, name, cancellation);

        public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) =>
            inner.PodLog(ns, pod, container, lines, cancellation);
    }
}
