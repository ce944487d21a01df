using System.Text.Json.Nodes;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// Two wishes, the first at a moment of a request's run, the second a few steps later; the seed decides how many, and every interleaving. Then the
/// end is what the last wishes ask for; and when nothing is held back any more, and the Promise is deleted, nothing is left.
/// </summary>
internal sealed class Interleaving(ulong seed)
{
    private const string Name = "r0";
    private const int Size = 1;

    private readonly SeededRandom _dice = new(seed * 7919);
    private readonly Simulation _simulation = new(seed);
    private int _size = Size;
    private bool _paused;

    internal IEnumerable<string> Story => _simulation.Story.Concat(Invariants.Standing(_simulation));

    internal void Play(Moment moment, Wish first, Wish second)
    {
        _simulation.NoFaults(slow: true);
        _simulation.Begin();
        if (_dice.OneIn(2))
            Relabel(selected: false);
        _simulation.Settle(TimeSpan.FromMinutes(3));
        _simulation.Set(Simulation.Redis, "default", Samples.Request(Name, Size));
        Await(moment);
        Do(first);
        for (var steps = _dice.Next(4) switch { 0 => 0, 1 => _dice.Next(10), 2 => _dice.Next(60), _ => _dice.Next(400) }; steps > 0; steps--)
            StepWithContainers();
        Do(second);
        Settle();
        CheckEnd();

        _simulation.Tell("nothing is held back any more");
        _simulation.HoldBackNothing(Name);
        _paused = false;
        Settle();
        CheckEnd();

        _simulation.Tell("the end");
        _simulation.Delete(Kinds.Promise, null, "redis");
        Settle();
        Invariants.NothingIsLeft(_simulation);
    }

    private void Await(Moment moment)
    {
        switch (moment)
        {
            case Moment.Created:
                break;
            case Moment.PodMade:
                _simulation.StepUntil("a Pod", () => Pod is not null);
                break;
            case Moment.HandedIn:
                _simulation.StepUntil("handed in", () => Pod is { } pod && _simulation.Journal.GetRun(pod.RunId, default).GetAwaiter().GetResult() is not null, _simulation.Work);
                break;
            case Moment.PodEnded:
                _simulation.StepUntil("the Pod has ended", () => Pod is { Phase: RunPhase.Succeeded }, _simulation.Work);
                break;
            case Moment.Writing:
                _simulation.StepUntil("writing", () => Phase is nameof(ResourcePhase.Writing), _simulation.Work);
                break;
            case Moment.Settled:
                _simulation.StepUntil("settled", () => Phase is nameof(ResourcePhase.Settled), _simulation.Work);
                break;
            default:
                throw new InvalidOperationException($"unknown moment {moment}");
        }
    }

    private void Do(Wish wish)
    {
        _simulation.Tell($"{wish} while {Phase ?? "unknown"}");
        switch (wish)
        {
            case Wish.ChangeSpec:
                _simulation.Change(Simulation.Redis, "default", Name, new JsonObject { ["spec"] = new JsonObject { ["size"] = ++_size } });
                break;
            case Wish.ChangePromise:
                _simulation.ChangePromise();
                break;
            case Wish.Pause:
                Mark(Marks.Paused, "true");
                _paused = true;
                break;
            case Wish.Unpause:
                if (!_paused)
                {
                    Mark(Marks.Paused, "true");
                    for (var steps = _dice.Next(100); steps > 0; steps--)
                        StepWithContainers();
                }

                Mark(Marks.Paused, null);
                _paused = false;
                break;
            case Wish.RunAgain:
                Mark(Marks.ManualReconciliation, "true");
                break;
            case Wish.Suspend:
                _simulation.Containers.Waiting.Add(Name);
                break;
            case Wish.Resume:
                _simulation.Containers.Waiting.Remove(Name);
                break;
            case Wish.DeleteRequest:
                _simulation.Delete(Simulation.Redis, "default", Name);
                break;
            case Wish.DeletePromise:
                _simulation.Delete(Kinds.Promise, null, "redis");
                break;
            case Wish.RelabelDestination:
                Relabel(!Samples.IsSelected(_simulation.Get(Kinds.Destination, null, "two")!));
                break;
            case Wish.StoreOutage:
                _simulation.Git.FailWith = ("away", null);
                break;
            case Wish.EngineRestart:
                _simulation.Processes.Crash();
                break;
            default:
                throw new InvalidOperationException($"unknown wish {wish}");
        }
    }

    private void StepWithContainers()
    {
        if (_dice.OneIn(4))
            _simulation.Work();
        _simulation.OneStep();
    }

    /// <summary>Eight minutes; the store comes back within the first.</summary>
    private void Settle()
    {
        _simulation.Settle(TimeSpan.FromSeconds(40));
        _simulation.Git.FailWith = null;
        _simulation.Settle(TimeSpan.FromMinutes(7));
        RescheduleMisplaced();
    }

    /// <summary>
    /// Right after a start the one Destination may be ready before the other, and take the request; when that one loses its labels, the request is misplaced until
    /// somebody asks for it to be scheduled anew. A Promise's files stay where they are.
    /// </summary>
    private void RescheduleMisplaced()
    {
        var misplaced = _simulation.All(Kinds.WorkPlacement).Where(p => p["metadata"]!["labels"]![Marks.Misplaced] is not null && p["metadata"]!["labels"]![Marks.ResourceName] is not null).ToList();
        foreach (var name in misplaced.Select(p => p["metadata"]!["name"]!.ToString()))
        {
            _simulation.Tell($"user wants WorkPlacement {name} scheduled anew");
            _simulation.Change(Kinds.WorkPlacement, "default", name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Marks.Reschedule] = "true" } } });
        }

        if (misplaced.Count > 0)
            _simulation.Settle(TimeSpan.FromMinutes(1));
    }

    private void CheckEnd()
    {
        var held = _paused || _simulation.Containers.Waiting.Contains(Name);
        if (!held)
            Invariants.EveryWishIsSettled(_simulation);
        Invariants.AtRestNothingHappens(_simulation);
        Assert.DoesNotContain(_simulation.Runner.Runs, run => run.Phase is RunPhase.Pending or RunPhase.Running);
    }

    private void Mark(string mark, string? value) => _simulation.Mark(Name, mark, value);

    private void Relabel(bool selected) => _simulation.Change(
        Kinds.Destination, null, "two", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = Samples.Labels(selected) } });

    private RunReport? Pod => _simulation.Runner.Runs.FirstOrDefault(r => r.PodName.StartsWith($"kratix-redis-{Name}-", StringComparison.Ordinal));

    private string? Phase => _simulation.Journal.Read(new EntityKey(Shapes.Resource, $"redis/default/{Name}"), default).GetAwaiter().GetResult()?.Index.Phase;
}
