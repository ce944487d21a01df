using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Api;

public sealed class EventExpiryTests
{
    [Fact]
    public async Task An_event_goes_when_its_time_is_over()
    {
        await using var server = await TestServer.Start(o => o with { EventLifetime = TimeSpan.FromMilliseconds(500) });
        var sent = await server.Post("/api/v1/namespaces/default/events", Manifests.Json(
            "{apiVersion: v1, kind: Event, metadata: {name: old}, involvedObject: {kind: Pod, name: p, namespace: default}, lastTimestamp: '2020-01-01T00:00:00Z'}"));
        Assert.Equal(201, (int)sent.Code);

        await server.Gone(BuiltIn.Events.Key("default", "old"));
    }
}
