using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.Runs;
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
    internal const int Names = 4;

    private readonly SeededRandom _dice;
    private readonly Chaos _chaos;
    private readonly Containers _containers;

    /// <summary>What goes on beside the engine: the API server's own controllers.</summary>
    private readonly DeterministicDispatcher _world;

    /// <summary>How long processes last: in some lives a few seconds, in some the whole life.</summary>
    private readonly int _processesLast;

    /// <summary>How seldom users hold up and delete: in some lives most of what they do is to change their minds.</summary>
    private readonly int _usersMeddle;

    private readonly HashSet<string> _replaced = [];
    private readonly Impatience _impatience;
    private TimeSpan _clockIsOffBy;
    private readonly Processes _processes;

    internal Simulation(ulong seed, FaultCounts? counts = null, Broken broken = Broken.Nothing)
    {
        _dice = new SeededRandom(seed);
        _processesLast = 1 << _dice.Next(4);
        _usersMeddle = 1 << _dice.Next(4);
        Settings = _dice.OneIn(2) ? Samples.Settings with { Retry = Samples.Settings.Retry with { Limit = 1 } } : Samples.Settings;
        _chaos = new Chaos(seed * 31, Time, counts ?? new FaultCounts());
        _world = new DeterministicDispatcher(seed);
        Runner = new FakeRunner(Time);
        Kubernetes = new FakeKubernetes(Time);
        Stores = new InMemoryStateStores(Journal);
        _containers = new Containers(Runner, Journal, _chaos, Time);
        Commit("README.md", Encoding.UTF8.GetBytes("foreign"));
        _world.InContext(() => _ = Controllers.EstablishApis(this));
        _impatience = new Impatience(this, _chaos);
        _processes = new Processes(this, _chaos, _dice, broken);
    }

    /// <summary>In some lives a run is given up soon.</summary>
    internal EngineSettings Settings { get; }

    internal ManualTime Time { get; } = new();

    internal InMemoryJournal Journal { get; } = new();

    internal FakeKubernetes Kubernetes { get; }

    internal FakeRunner Runner { get; }

    internal InMemoryStateStores Stores { get; }

    internal InMemoryStateStore Git => Stores.Store("https://git.example.org/platform#main");

    /// <summary>The files that others have in the store, as they left them, in hexadecimal.</summary>
    internal SortedDictionary<string, string> Foreign { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened, for who has to find out why.</summary>
    internal List<string> Story { get; } = [];

    /// <summary>The Promise's image, counted up with each change of it.</summary>
    internal int Image { get; private set; } = 1;

    internal Containers Containers => _containers;

    internal Processes Processes => _processes;

    /// <summary>No faults from now on; answers may still be late.</summary>
    internal void NoFaults(bool slow) => (_chaos.Calm, _chaos.Slow) = (true, slow);

    /// <summary>A process, a store, two Destinations and a Promise.</summary>
    internal void Begin()
    {
        _processes.Start();
        Set(Kinds.GitStateStore, null, Samples.Store());
        Set(Kinds.Destination, null, Samples.Destination("one"));
        Set(Kinds.Destination, null, Samples.Destination("two"));
        Set(Kinds.Promise, null, Samples.Promise(Image));
    }

    /// <summary>
    /// Users, faults and crashes for so many rounds, and then twenty minutes of calm. Some lives are hard from their first moment; most begin with what was
    /// well for a while, or nothing would come far enough to be disturbed.
    /// </summary>
    internal void Play(int rounds)
    {
        if (_dice.OneIn(4))
            Begin();
        else
            BeginWell();
        for (var round = 0; round < rounds; round++)
            Round();
        NoFaults(slow: false);
        Time.JumpWallClock(-_clockIsOffBy);
        for (var i = 0; i < Names; i++)
            HoldBackNothing($"r{i}");
        _processes.ResumeAll();
        Settle(TimeSpan.FromMinutes(20));
    }

    private void BeginWell()
    {
        NoFaults(slow: true);
        Begin();
        Settle(TimeSpan.FromMinutes(1));
        for (var i = 0; i < Names - 1; i++)
            Set(Redis, "default", Samples.Request($"r{i}", i));
        if (_dice.OneIn(2))
            Settle(TimeSpan.FromMinutes(1));
        _chaos.Calm = false;
    }

    /// <summary>Time goes by without faults, and every run succeeds.</summary>
    internal void Settle(TimeSpan by)
    {
        for (var end = Time.Elapsed + by; Time.Elapsed < end;)
        {
            Steps(int.MaxValue);
            _containers.Work(_processes.Present, _dice, Tell);
            Steps(int.MaxValue);
            Pass(Time.Elapsed + TimeSpan.FromSeconds(5));
            LetGoOn();
            Controllers.CollectGarbage(this);
            _processes.BuryTheReplaced();
            CheckNow();
        }
    }

    internal void Set(ResourceType type, string? ns, JsonObject body)
    {
        var name = body["metadata"]!["name"]!.ToString();
        if (Done(Kubernetes.Create(type, ns, body, CancellationToken.None)) is not Outcome<JsonObject>.Done)
            Change(type, ns, name, new JsonObject { ["spec"] = body["spec"]!.DeepClone() });
    }

    /// <summary>Changes what is there; what is not there stays away.</summary>
    internal void Change(ResourceType type, string? ns, string name, JsonObject patch) =>
        Done(Kubernetes.Patch(type, ns, name, PatchKind.Merge, patch, null, CancellationToken.None));

    internal JsonObject? Get(ResourceType type, string? ns, string name) =>
        Done(Kubernetes.Get(type, ns, name, CancellationToken.None)) is Outcome<JsonObject>.Done { Value: var item } ? item : null;

    /// <summary>Single steps, until the moment has come; when nobody has anything to do, time passes to the next timer.</summary>
    internal void StepUntil(string moment, Func<bool> hasCome, Action? beforeEach = null)
    {
        for (var i = 0; !hasCome(); i++)
        {
            if (i == 50_000)
                throw new InvalidOperationException($"the moment never came: {moment}");
            beforeEach?.Invoke();
            OneStep();
        }
    }

    /// <summary>One step, or, when nobody has anything to do, the next timer.</summary>
    internal void OneStep()
    {
        if (!Step())
            _world.InContext(() => Time.RingNext(Time.Elapsed + TimeSpan.FromSeconds(1)));
        CheckNow();
    }

    internal void Work() => _containers.Work(_processes.Present, _dice, Tell);

    internal void Delete(ResourceType type, string? ns, string name) => Done(Kubernetes.Delete(type, ns, name, CancellationToken.None));

    internal void DeletePod(RunReport pod) => Done(Runner.Remove(pod.Namespace, pod.PodName, CancellationToken.None));

    internal IReadOnlyList<JsonObject> All(ResourceType type) =>
        ((Outcome<IReadOnlyList<JsonObject>>.Done)Done(Kubernetes.List(type, null, null, CancellationToken.None))).Value;

    private void Round()
    {
        switch (_dice.Next(20))
        {
            case 0 or 1 or 2:
                var request = Samples.Request($"r{_dice.Next(Names)}", _dice.Next(100));
                Tell($"user sets {request["metadata"]!["name"]} to size {request["spec"]!["size"]}");
                Set(Redis, "default", request);
                break;
            case 3 when _dice.OneIn(2 * _usersMeddle):
                Control($"r{_dice.Next(Names)}");
                break;
            case 3 when _dice.OneIn(_usersMeddle):
                var gone = $"r{_dice.Next(Names)}";
                if (_replaced.Contains(gone) && Get(Redis, "default", gone)?["metadata"]!["finalizers"] is null)
                    break;
                Tell($"user deletes {gone}");
                Delete(Redis, "default", gone);
                break;
            case 4 when _dice.OneIn(3):
                ChangePromise();
                break;
            case 4 when _dice.OneIn(5) && Get(Kinds.Destination, null, "three") is not null:
                Tell("user deletes a Destination, which takes its files along");
                Delete(Kinds.Destination, null, "three");
                break;
            case 4 when _dice.OneIn(10):
                Tell("user adds a Destination");
                Set(Kinds.Destination, null, Samples.Destination("three", cleanup: "all"));
                break;
            case 5 when _dice.OneIn(_processesLast):
                _processes.EndOrPause();
                break;
            case 5 or 6:
                Disturb();
                break;
            case 7 or 8 or 9:
                Pass(Time.Elapsed + TimeSpan.FromMilliseconds(1 + _dice.Next(4000)));
                break;
            case 10 or 11 or 12:
                _containers.Work(_processes.Present, _dice, Tell);
                break;
            default:
                Steps(1 + _dice.Next(120));
                break;
        }

        if (_dice.OneIn(20))
        {
            LetGoOn();
            Controllers.CollectGarbage(this);
            _processes.BuryTheReplaced();
        }

        CheckNow();
    }

    private void Control(string name)
    {
        switch (_dice.Next(5))
        {
            case 0:
                Tell($"user pauses {name}");
                Mark(name, Marks.Paused, "true");
                break;
            case 1:
                Tell($"user ends the pause of {name}");
                Mark(name, Marks.Paused, null);
                break;
            case 2:
                Tell($"user wants {name} run again");
                Mark(name, Marks.ManualReconciliation, "true");
                break;
            case 3:
                Tell($"from now on {name} has to wait for something");
                _containers.Waiting.Add(name);
                break;
            default:
                Tell($"what {name} waits for is there");
                _containers.Waiting.Remove(name);
                break;
        }
    }

    internal void HoldBackNothing(string name)
    {
        _containers.Waiting.Remove(name);
        Mark(name, Marks.Paused, null);
    }

    /// <summary>Users see which of their requests are suspended, and take the mark off those that need not wait any longer.</summary>
    private void LetGoOn()
    {
        foreach (var name in All(Redis).Where(r => r["metadata"]!["labels"]?[Marks.WorkflowSuspended] is not null).Select(r => r["metadata"]!["name"]!.ToString()))
        {
            if (!_containers.Waiting.Contains(name))
                Mark(name, Marks.WorkflowSuspended, null);
        }

        _impatience.AskForAnother();
    }

    internal void Mark(string name, string mark, string? value) =>
        Change(Redis, "default", name, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [mark] = value } } });

    internal void ChangePromise()
    {
        Tell($"user changes the Promise to image {++Image}");
        Change(Kinds.Promise, null, "redis", new JsonObject { ["spec"] = Samples.Promise(Image)["spec"]!.DeepClone() });
    }

    private void Disturb()
    {
        switch (_dice.Next(9))
        {
            case 0 or 1:
                _chaos.Count(Fault.ForeignCommit);
                Tell("somebody else commits");
                Commit($"foreign/{_dice.Next(5)}.md", [(byte)_dice.Next(256)]);
                break;
            case 2 or 3 when Runner.Runs is { Count: > 0 } runs:
                var victim = runs[_dice.Next(runs.Count)];
                _chaos.Count(Fault.PodDeleted);
                Tell($"somebody deletes Pod {victim.PodName}");
                DeletePod(victim);
                break;
            case 4:
                var jump = TimeSpan.FromSeconds(_dice.Next(600) - 300) - _clockIsOffBy;
                _chaos.Count(jump < TimeSpan.Zero ? Fault.ClockBack : Fault.ClockForward);
                Tell($"the wall clock jumps by {jump}");
                Time.JumpWallClock(jump);
                _clockIsOffBy += jump;
                break;
            case 5 when All(Redis) is { Count: > 0 } requests:
                Replace(requests[_dice.Next(requests.Count)]["metadata"]!["name"]!.ToString());
                break;
        }
    }

    private void Commit(string path, byte[] bytes)
    {
        Git.Edit(files => files.SetItem(path, bytes));
        Foreign[path] = Convert.ToHexString(bytes);
    }

    /// <summary>
    /// Somebody takes an object away by force and makes another of its name. Were that deleted before it is taken up, nobody would be left to tell what becomes of the
    /// files of the first: what is missing is left alone.
    /// </summary>
    private void Replace(string name)
    {
        _replaced.Add(name);
        _chaos.Count(Fault.ObjectReplaced);
        Tell($"somebody replaces {name}");
        Change(Redis, "default", name, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
        Delete(Redis, "default", name);
        Set(Redis, "default", Samples.Request(name, _dice.Next(100)));
    }

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
        if (_chaos.CrashesNow())
            _processes.Crash();
        return _world.RunNext() || _processes.Step();
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
        if ((_processes.Violation ?? _containers.Overlap()) is { } violation)
            throw new InvalidOperationException(violation);
    }

    /// <summary>The fakes answer at once.</summary>
    private static T Done<T>(Task<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("a fake took time");

    internal void Tell(string what) => Story.Add(string.Create(CultureInfo.InvariantCulture, $"{Time.Elapsed.TotalSeconds,9:0.000} life {_processes.Count}: {what}"));
}
