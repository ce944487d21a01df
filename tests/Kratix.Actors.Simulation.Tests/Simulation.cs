using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// The whole engine among users, containers and faults, in one thread and in virtual time; one seed decides everything. A crash throws the process
/// away between two steps: nothing of it ever runs again, and the next one starts on what the journal, the API server and the stores hold. A process may
/// also be paused, replaced, and go on.
/// </summary>
internal sealed class Simulation
{
    internal static readonly ResourceType Redis = new("example.org", "v1", "redis", "Redis", true);
    private const int Names = 4;

    private readonly SeededRandom _dice;
    private readonly Broken _broken;
    private readonly Chaos _chaos;
    private readonly Containers _containers;

    /// <summary>What goes on beside the engine: the API server's own controllers.</summary>
    private readonly DeterministicDispatcher _world;

    /// <summary>The present process, and those that were replaced and go on all the same.</summary>
    private readonly List<Life> _awake = [];
    private readonly List<Life> _paused = [];
    private TimeSpan _clockIsOffBy;
    private int _lives;

    internal Simulation(ulong seed, FaultCounts? counts = null, Broken broken = Broken.Nothing)
    {
        _dice = new SeededRandom(seed);
        _broken = broken;
        _chaos = new Chaos(seed * 31, Time, counts ?? new FaultCounts());
        _world = new DeterministicDispatcher(seed);
        Kubernetes = new FakeKubernetes(Time);
        Stores = new InMemoryStateStores(Journal);
        _containers = new Containers(Runner, Journal, _chaos, Time);
        Git.Edit(files => files.SetItem("README.md", Encoding.UTF8.GetBytes("foreign")));
        _world.InContext(() => _ = EstablishApis());
    }

    internal ManualTime Time { get; } = new();

    internal InMemoryJournal Journal { get; } = new();

    internal FakeKubernetes Kubernetes { get; }

    internal FakeRunner Runner { get; } = new();

    internal InMemoryStateStores Stores { get; }

    internal InMemoryStateStore Git => Stores.Store("https://git.example.org/platform#main");

    /// <summary>What happened, for who has to find out why.</summary>
    internal List<string> Story { get; } = [];

    /// <summary>The Promise's image, counted up with each change of it.</summary>
    internal int Image { get; private set; } = 1;

    private Life Present => _awake[0];

    /// <summary>Users, faults and crashes for so many rounds, and then twenty minutes of calm.</summary>
    internal void Play(int rounds)
    {
        StartLife();
        Set(Kinds.GitStateStore, null, Samples.Store());
        Set(Kinds.Destination, null, Samples.Destination("one"));
        Set(Kinds.Destination, null, Samples.Destination("two"));
        Set(Kinds.Promise, null, Samples.Promise(Image));
        for (var round = 0; round < rounds; round++)
            Round();
        _chaos.Calm = true;
        Time.JumpWallClock(-_clockIsOffBy);
        while (_paused.Count > 0)
            Resume();
        Settle(TimeSpan.FromMinutes(20));
    }

    /// <summary>Time goes by without faults, and every run succeeds.</summary>
    internal void Settle(TimeSpan by)
    {
        for (var end = Time.Elapsed + by; Time.Elapsed < end;)
        {
            Steps(int.MaxValue);
            _containers.Work(Present, _dice, Tell);
            Steps(int.MaxValue);
            Pass(Time.Elapsed + TimeSpan.FromSeconds(5));
            BuryTheReplaced();
            CheckNow();
        }
    }

    internal void Set(ResourceType type, string? ns, JsonObject body)
    {
        var name = body["metadata"]!["name"]!.ToString();
        if (Done(Kubernetes.Create(type, ns, body, CancellationToken.None)) is not Outcome<JsonObject>.Done)
            Done(Kubernetes.Patch(type, ns, name, PatchKind.Merge, new JsonObject { ["spec"] = body["spec"]!.DeepClone() }, null, CancellationToken.None));
    }

    internal void Delete(ResourceType type, string? ns, string name) => Done(Kubernetes.Delete(type, ns, name, CancellationToken.None));

    internal IReadOnlyList<JsonObject> All(ResourceType type) =>
        ((Outcome<IReadOnlyList<JsonObject>>.Done)Done(Kubernetes.List(type, null, null, CancellationToken.None))).Value;

    /// <summary>A process has taken the journal's shards from all others.</summary>
    internal void HasTaken(Life owner)
    {
        foreach (var other in _awake.Concat(_paused).Where(life => life != owner))
            other.Replaced();
    }

    private void Round()
    {
        switch (_dice.Next(20))
        {
            case 0 or 1 or 2:
                var request = Samples.Request($"r{_dice.Next(Names)}", _dice.Next(100));
                Tell($"user sets {request["metadata"]!["name"]} to size {request["spec"]!["size"]}");
                Set(Redis, "default", request);
                break;
            case 3:
                var gone = $"r{_dice.Next(Names)}";
                Tell($"user deletes {gone}");
                Delete(Redis, "default", gone);
                break;
            case 4 when _dice.OneIn(3):
                Tell($"user changes the Promise to image {++Image}");
                Set(Kinds.Promise, null, Samples.Promise(Image));
                break;
            case 4 when _dice.OneIn(10):
                Tell("user adds a Destination");
                Set(Kinds.Destination, null, Samples.Destination("three"));
                break;
            case 5:
                EndOrPauseLife();
                break;
            case 6:
                Disturb();
                break;
            case 7 or 8 or 9:
                Pass(Time.Elapsed + TimeSpan.FromMilliseconds(1 + _dice.Next(4000)));
                break;
            case 10 or 11 or 12:
                _containers.Work(Present, _dice, Tell);
                break;
            default:
                Steps(1 + _dice.Next(120));
                break;
        }

        if (_dice.OneIn(20))
            BuryTheReplaced();
        CheckNow();
    }

    private void EndOrPauseLife()
    {
        switch (_dice.Next(9))
        {
            case 0 or 1 or 2:
                _chaos.Count(Fault.Crash);
                Tell("crash");
                _awake.RemoveAt(0);
                StartLife();
                break;
            case 3 when Present is { Engine: not null, IsQuiet: true }:
                _chaos.Count(Fault.Pause);
                Tell("the process stands still and is replaced");
                _paused.Add(Present);
                _awake.RemoveAt(0);
                StartLife();
                break;
            case 4 or 5 when _paused.Count > 0:
                Resume();
                break;
        }
    }

    private void Resume()
    {
        _chaos.Count(Fault.Resume);
        var life = _paused[_dice.Next(_paused.Count)];
        Tell($"life {life.Number} goes on");
        _paused.Remove(life);
        _awake.Add(life);
    }

    private void Disturb()
    {
        switch (_dice.Next(8))
        {
            case 0 or 1:
                _chaos.Count(Fault.ForeignCommit);
                Tell("somebody else commits");
                Git.Edit(files => files.SetItem($"foreign/{_dice.Next(5)}.md", [(byte)_dice.Next(256)]));
                break;
            case 2 or 3 when Runner.Runs is { Count: > 0 } runs:
                var victim = runs[_dice.Next(runs.Count)];
                _chaos.Count(Fault.PodDeleted);
                Tell($"somebody deletes Pod {victim.PodName}");
                Done(Runner.Remove(victim.Namespace, victim.PodName, CancellationToken.None));
                break;
            case 4:
                var jump = TimeSpan.FromSeconds(_dice.Next(600) - 300) - _clockIsOffBy;
                _chaos.Count(jump < TimeSpan.Zero ? Fault.ClockBack : Fault.ClockForward);
                Tell($"the wall clock jumps by {jump}");
                Time.JumpWallClock(jump);
                _clockIsOffBy += jump;
                break;
        }
    }

    /// <summary>A new process. Of one that crashed not a single step is made any more.</summary>
    private void StartLife() => _awake.Insert(0, new Life(++_lives, _dice.Next(), this, _chaos, _broken));

    /// <summary>A process that knows that it was replaced ends.</summary>
    private void BuryTheReplaced() => _awake.RemoveAll(life => life != Present && life.Engine!.Replaced.IsCompleted);

    private void Steps(int most)
    {
        for (var i = 0; i < most && Step(); i++)
        {
            if (i == 200_000)
                throw new InvalidOperationException("the engine does not come to rest");
        }
    }

    private bool Step()
    {
        if (_world.RunNext())
            return true;
        var first = _awake.Count == 1 ? 0 : _dice.Next(_awake.Count);
        for (var i = 0; i < _awake.Count; i++)
        {
            if (_awake[(first + i) % _awake.Count].Kit.Dispatcher.RunNext())
                return true;
        }

        return false;
    }

    private void Pass(TimeSpan until)
    {
        var rang = true;
        while (rang)
        {
            _world.InContext(() => rang = Time.RingNext(until));
            if (_chaos.Calm)
                Steps(int.MaxValue);
        }
    }

    /// <summary>What must hold at every moment.</summary>
    private void CheckNow()
    {
        if (_awake.Any(life => life.Kit.Dispatcher.FromOtherThreads > 0))
            throw new InvalidOperationException("something left the thread of the simulation, and the seed no longer decides everything");
        if (_containers.Overlap() is { } overlap)
            throw new InvalidOperationException(overlap);
        if (_awake.Select(life => life.Violation).FirstOrDefault(v => v is not null) is { } violation)
            throw new InvalidOperationException(violation);
    }

    private async Task EstablishApis()
    {
        await foreach (var signal in Kubernetes.Watch(Kinds.Crd, null, null, CancellationToken.None))
        {
            IReadOnlyList<JsonObject> items = signal switch { WatchSignal.Listed l => l.Items, WatchSignal.Changed c => [c.Item], _ => [] };
            foreach (var name in items.Where(i => i["status"] is null).Select(i => i["metadata"]!["name"]!.ToString()))
            {
                var established = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
                await Kubernetes.Patch(Kinds.Crd, null, name, PatchKind.Merge, new JsonObject { ["status"] = established }, "status", CancellationToken.None);
            }
        }
    }

    /// <summary>The fakes answer at once.</summary>
    private static T Done<T>(Task<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("a fake took time");

    private void Tell(string what) => Story.Add(string.Create(CultureInfo.InvariantCulture, $"{Time.Elapsed.TotalSeconds,9:0.000} life {_lives}: {what}"));
}
