using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Journal;
using Kratix.Actors.Ports.Journal;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Host.Tests.Audit;

/// <summary>A journal with the life of one Promise and one request, as the engine writes it.</summary>
internal sealed class History(string dataFolder) : IAsyncDisposable
{
    internal static readonly EntityKey Promise = new("promise", "redis");
    internal static readonly EntityKey Resource = new("resource", "redis/default/example");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() }, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly DateTimeOffset Start = new(2026, 11, 22, 20, 0, 0, TimeSpan.Zero);

    private readonly List<IAsyncDisposable> _open = [];
    private SqliteJournal _journal = null!;

    /// <summary>Writes both lives; the journal stays open, as that of a running platform.</summary>
    internal async Task Write()
    {
        var journal = await SqliteJournal.Open(new SqliteJournalOptions { Path = DataFolder.Journal(dataFolder) }, CancellationToken.None);
        _open.Add(journal);
        _journal = journal;
        var epoch = (await journal.TakeShards([0], "node-1", CancellationToken.None))[0];
        await Append(journal, epoch, Promise, PromiseState.Empty("redis"), PromiseLife(), PromiseEvolution.Evolve);
        await Append(journal, epoch, Resource, ResourceState.Empty(ResourceId.Parse(Resource.Id)), ResourceLife(), ResourceEvolution.Evolve);
    }

    /// <summary>Somebody changes the file behind the platform's back.</summary>
    internal void Meddle(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DataFolder.Journal(dataFolder)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    /// <summary>Gives an event of the request the hash of what it says now.</summary>
    internal async Task HashAnew(long sequence)
    {
        await foreach (var happened in _journal.Events(Resource, 0, CancellationToken.None))
            if (happened.Sequence == sequence)
                Meddle($"UPDATE events SET hash = x'{EventHash.Of(happened)}' WHERE position = {happened.Position}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var journal in _open)
            await journal.DisposeAsync();
        _open.Clear();
    }

    private static async Task Append<TState, TEvent>(SqliteJournal journal, long epoch, EntityKey entity, TState state, IEnumerable<TEvent> life, Func<TState, TEvent, TState> evolve)
    {
        var sequence = 0L;
        foreach (var happened in life)
        {
            state = evolve(state, happened);
            var payload = JsonSerializer.SerializeToUtf8Bytes(happened, Json);
            var type = JsonDocument.Parse(payload).RootElement.GetProperty("type").GetString()!;
            var result = await journal.Append(
                new JournalAppend(entity, 0, epoch, sequence++, type, payload, JsonSerializer.SerializeToUtf8Bytes(state, Json), new EntityIndex("x", "s", "t", null), "observed", "alice", "node-1",
                    Start.AddSeconds(sequence)), CancellationToken.None);
            Assert.Equal(AppendResult.Appended, result);
        }
    }

    private static readonly PromiseRevision Revision = new(
        "redis", "0123456789abcdef", "v0.1.0", new WorkflowPlan([new PipelineSummary("instance-configure", 1)], []), [], TimeSpan.FromHours(10), new RetrySchedule(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)));

    private static IEnumerable<PromiseEvent> PromiseLife()
    {
        var api = new PromiseApi("marketplace.kratix.io", "v1", "redises", "Redis", "feedface");
        yield return new PromiseEvent.Observed(new PromiseObservation("u1", 1, "aaaa", "v0.1.0", false, "alice"), new PromiseDefinition(Revision, api, WorkflowPlan.None, null), Start);
    }

    private static IEnumerable<ResourceEvent> ResourceLife()
    {
        var id = ResourceId.Parse(Resource.Id);
        yield return new ResourceEvent.Observed(new ResourceObservation("u2", 1, "bbbbbbbbbbbbbbbb", false, "alice"), Revision, true, Start);
        var running = ResourceEvolution.Evolve(ResourceState.Empty(id), new ResourceEvent.Observed(new ResourceObservation("u2", 1, "bbbbbbbbbbbbbbbb", false, "alice"), Revision, true, Start));
        var failed = new StepReport("first", "localhost/make:1", StepPhase.Failed, 3, Start, Start.AddMilliseconds(250));
        yield return new ResourceEvent.RunFailed(running.ActiveRun!.Value.RunId, "instance-configure", 1, [failed], "container first ended with exit code 3", Start.AddSeconds(3), Start.AddHours(10), Start);
        yield return new ResourceEvent.RetryStarted(Start);
        var group = Placing.Group([new FileEntry("cm.yaml", "cccc", 12)], [], [], SelectorSource.ResourceWorkflow);
        var destination = new Destination("worker-1", ImmutableSortedDictionary<string, string>.Empty, false, true, new Location("GitStateStore", "default", "worker-1", FilepathMode.NestedByMetadata, null));
        var work = Placing.Place(id.Owner, "instance-configure", group, Works.None, [destination]);
        yield return new ResourceEvent.RunSucceeded(
            "fedcba9876543210fedcba9876543210", "instance-configure", [failed with { Phase = StepPhase.Succeeded, ExitCode = 0 }], """{"message":"ready"}""", work, Start.AddHours(10), Start);
        var placement = work.Groups[0].Placements[0];
        yield return new ResourceEvent.PlacementWritten(placement.Name, placement.Stamp, "9e107d9d372bb6826bd81d3542a419d6deadbeef", true, Start);
    }
}
