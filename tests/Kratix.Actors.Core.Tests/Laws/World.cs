using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>
/// One object and the world around it, in virtual time. One seed decides every interleaving: which question is carried out next, which answer
/// arrives next (late, twice, out of order), when the engine crashes and what of its traffic survives, when a store or a Pipeline fails.
/// Writes of one placement reach the store in the order in which they were asked; nothing else is ordered.
/// </summary>
internal abstract class World<TState, TCommand, TEvent, TEffect>(int seed, TState empty)
    where TCommand : class
    where TEvent : notnull
    where TEffect : notnull
{
    private readonly List<string> _log = [];
    private readonly List<Question> _questions = [];
    private readonly List<TCommand> _answers = [];
    private readonly List<TCommand> _observations = [];
    private readonly List<TCommand> _past = [];
    private readonly HashSet<TEffect> _inFlight = [];
    private readonly HashSet<string> _closedRuns = [];
    private readonly Dictionary<string, Run> _runs = [];
    private readonly Dictionary<string, string[]> _listings = [];
    private readonly TState _empty = empty;
    private int _commits;

    public Random Dice { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = Given.Start;

    public TState State { get; private set; } = empty;

    public List<TEvent> Journal { get; } = [];

    /// <summary>States in the order in which they were reached.</summary>
    public List<TState> States { get; } = [];

    public HashSet<Type> EffectsSeen { get; } = [];

    public HashSet<Type> CommandsSeen { get; } = [];

    /// <summary>Path to content digest.</summary>
    public Dictionary<string, string> Store { get; } = new(StringComparer.Ordinal) { ["README.md"] = "foreign" };

    public List<Destination> Destinations { get; } = [];

    /// <summary>The engine crashes when the journal has just reached this length.</summary>
    public int? CrashAt { get; init; }

    /// <summary>Nothing is late, lost, doubled or failing.</summary>
    public bool Calm { get; set; }

    /// <summary>Every answer is delivered at least twice.</summary>
    public bool EverythingTwice { get; init; }

    public string Story => $"seed {seed}, crash at {CrashAt?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}\n{string.Join('\n', _log)}";

    protected abstract Decision<TEvent> Decide(TState state, TCommand command);

    protected abstract TState Evolve(TState state, TEvent @event);

    protected abstract IEnumerable<TEffect> Outstanding(TState state);

    /// <summary>Puts what the effect asks into a question, by <see cref="Ask"/>.</summary>
    protected abstract void Issue(TEffect effect);

    protected abstract TCommand Offer();

    protected abstract TCommand WakeUp();

    protected abstract DateTimeOffset? WakeUpOf(TState state);

    protected abstract bool AwaitsDestinations(TState state);

    /// <summary>What the API server holds is told again: after a crash, and now and then.</summary>
    protected abstract void Relist();

    protected abstract string? ClosedRun(TEvent @event);

    /// <summary>What must hold of every state.</summary>
    protected abstract void Check(TState state);

    protected void Later(TimeSpan span) => Now += span;

    public void Log(string line) => _log.Add($"{_log.Count,4} {Now:HH:mm:ss} {line}");

    public void Assume(bool holds, string law)
    {
        if (!holds)
            throw new LawException($"{law}\n{Story}");
    }

    /// <summary>Tells the object something, keeps what happened, and issues what is owed then.</summary>
    public void Tell(TCommand command)
    {
        CommandsSeen.Add(command.GetType());
        var decision = Decide(State, command);
        // Every third time: the checks by way of JSON are what takes the time.
        var thorough = _log.Count % 3 == 0;
        if (thorough)
        {
            Assume(Text(Decide(State, command)) == Text(decision), "the same question has the same answer");
            Assume(Text(Decide(Json.Again(State), command)) == Text(decision), "a state that was stored decides as the one that was not");
        }

        if (decision is not Decision<TEvent>.Happened happened)
        {
            Log($"{command}: {decision}");
            return;
        }

        Journal.Add(happened.Event);
        var next = Evolve(State, happened.Event);
        if (thorough)
            Assume(Json.Text(Evolve(Json.Again(State), Json.Again(happened.Event))) == Json.Text(next), "stored state and stored event evolve alike");
        State = next;
        States.Add(next);
        Log($"{command}\n       => {happened.Event}\n       -> {Json.Text(Phase(State))}");
        if (ClosedRun(happened.Event) is { } closed)
            Assume(_closedRuns.Add(closed), $"run {closed} ends once");
        Check(State);
        if (Journal.Count == CrashAt)
            Crash();
        else
            IssueOutstanding();
    }

    /// <summary>One thing happens. False: nothing can, except that time passes.</summary>
    public bool Step()
    {
        var choices = new List<Action>();
        choices.AddRange(_questions.DistinctBy(q => q.Key).Select(q => (Action)(() => CarryOut(q))));
        choices.AddRange(_runs.Values.Where(r => r.Result is null).Select(r => (Action)(() => Finish(r))));
        if (_answers.Count > 0)
            choices.Add(Deliver);
        if (_observations.Count > 0)
            choices.Add(Notice);
        if (choices.Count == 0)
            return false;
        choices[Dice.Next(choices.Count)]();
        return true;
    }

    /// <summary>What nobody asked for: an old answer again, an early wake-up, a second list, an offer that changes nothing, a crash.</summary>
    public void Disturb()
    {
        switch (Dice.Next(6))
        {
            case 0 when _past.Count > 0:
                Tell(_past[Dice.Next(_past.Count)]);
                break;
            case 1:
                Tell(WakeUp());
                break;
            case 2:
                Relist();
                break;
            case 3:
                Tell(Offer());
                break;
            case 4 when CrashAt is null:
                Crash();
                break;
            case 5:
                Now += TimeSpan.FromSeconds(Dice.Next(1, 30));
                break;
        }
    }

    /// <summary>Lets everything end. Time passes only as far as a retry needs it, unless <paramref name="also"/> says so.</summary>
    public void Settle(Func<TState, bool>? also = null)
    {
        for (var steps = 0; ; steps++)
        {
            Assume(steps < 5_000, "everything comes to rest");
            if (Step())
                continue;
            if (WakeUpOf(State) is not { } at || !(WaitsForTime(State) || also?.Invoke(State) == true))
                return;
            Now = at > Now ? at : Now;
            Tell(WakeUp());
        }
    }

    /// <summary>A passing rest: a retry, as opposed to the interval.</summary>
    protected abstract bool WaitsForTime(TState state);

    protected abstract object Phase(TState state);

    public void SetDestinations(IEnumerable<Destination> destinations)
    {
        List<Destination> now = [.. destinations];
        Destinations.Clear();
        Destinations.AddRange(now);
        Log($"destinations: {string.Join(",", Destinations.Select(d => d.Leaving ? d.Name + " leaving" : d.Name))}");
        Tell(Offer());
        if (AwaitsDestinations(State))
            _answers.Add(Offer());
    }

    /// <summary>A Destination is deleted and takes its files along.</summary>
    protected void Leave()
    {
        if (Destinations.Count > 0)
            SetDestinations([.. Destinations.SkipLast(1), Destinations[^1] with { Leaving = true }]);
    }

    /// <summary>So many Destinations are there from now on; where these are there, one is given another path, or the one it had before.</summary>
    protected void FirstDestinations(int count)
    {
        var first = Pipelines.Destinations[0];
        var path = Destinations is [var present, ..] && present.Location == first.Location && Destinations.Count == count ? $"moved-{first.Name}" : first.Location.BasePath;
        SetDestinations([first with { Location = first.Location with { BasePath = path } }, .. Pipelines.Destinations[1..count]]);
    }

    /// <summary>Somebody deletes what was written; what is found out of it.</summary>
    protected ImmutableArray<(string Placement, string Stamp)> Drift(Works works)
    {
        var found = works.Placements.Where(p => p.IsWritten && p.Location.Mode is FilepathMode.NestedByMetadata).ToList();
        foreach (var path in found.SelectMany(p => p.Files.Select(f => FileLayout.Join(p.Directory, f.Path))))
            Store.Remove(path);
        Log($"somebody: deletes the files of {string.Join(", ", found.Select(p => p.Name))}");
        return [.. found.Select(p => (p.Name, p.Stamp))];
    }

    /// <summary>The process dies. What it had in memory is gone; what it had sent may still be carried out, and answers may still be on their way.</summary>
    public void Crash()
    {
        Log("CRASH");
        var folded = Journal.Aggregate(_empty, (state, e) => Evolve(Json.Again(state), Json.Again(e)));
        Assume(Json.Text(folded) == Json.Text(State), "folding the journal gives the state");
        State = folded;
        _inFlight.Clear();
        _questions.RemoveAll(_ => Dice.Next(2) == 0);
        _answers.RemoveAll(_ => Dice.Next(2) == 0);
        _observations.Clear();
        IssueOutstanding();
        Relist();
    }

    protected void Ask(TEffect effect, string key, Func<TCommand?> carryOut) => _questions.Add(new Question(effect, key, carryOut));

    protected void Answer(TCommand command) => _answers.Add(command);

    /// <summary>The watch tells changes in order, but may leave out what lies between.</summary>
    protected void Observed(TCommand observation)
    {
        if (_observations.Count > 0 && _observations[^1].GetType() == observation.GetType() && Dice.Next(2) == 0)
            _observations[^1] = observation;
        else
            _observations.Add(observation);
    }

    /// <summary>Starts the run, or finds it.</summary>
    protected void AskRun(TEffect effect, string runId, Func<RunResult> result, Func<RunResult, TCommand> answer) => Ask(effect, "run " + runId, () =>
    {
        Assume(!_closedRuns.Contains(runId) || _runs.ContainsKey(runId), "a run that was reported is known");
        if (!_runs.TryGetValue(runId, out var run))
        {
            Assume(_runs.Values.All(r => r.Result is not null), $"one run at a time: {runId} starts while another runs");
            _runs.Add(runId, run = new Run(runId, result, answer));
        }

        return run.Result is { } known ? answer(known) : default;
    });

    /// <summary>Pods go with their object, and what is asked of them comes too late.</summary>
    protected void EndRuns()
    {
        _questions.RemoveAll(q => q.Key.StartsWith("run ", StringComparison.Ordinal));
        foreach (var run in _runs.Values)
            run.Result ??= new RunResult.Failed(Given.Steps(1), "its object is gone");
    }

    /// <summary>The run is ended; one that has not been started never is.</summary>
    protected TCommand Stop(string runId, Func<RunResult, TCommand> answer)
    {
        var stopped = new RunResult.Failed(Given.Steps(1), "it was ended: a new run was asked for");
        if (!_runs.TryGetValue(runId, out var run))
            _runs.Add(runId, run = new Run(runId, () => stopped, answer));
        run.Result ??= stopped;
        return run.Answer(run.Result);
    }

    /// <summary>
    /// The store takes the write, or (sometimes) not yet. What is written is what was wanted when it was asked. At times it is gone for good when something is to be
    /// taken back: then nobody looks at what it holds any more.
    /// </summary>
    protected void AskWrite(TEffect effect, Works works, PlacementWrite write, Func<string, bool, TCommand> written, Func<string, bool, TCommand> failed)
    {
        var changes = PlacementWrites.Changes(works, write, "default");
        Question? question = null;
        question = new Question(effect, $"write {PlacementWrites.Lane(works, write)}", () =>
        {
            if (!Calm && Dice.Next(6) == 0)
            {
                _questions.Insert(0, question!);
                return failed(Dice.Next(2) == 0 ? "push rejected" : "remote hung up", false);
            }

            var before = Json.Text(Store.OrderBy(f => f.Key, StringComparer.Ordinal));
            foreach (var change in changes)
                Apply(change);
            var changed = Json.Text(Store.OrderBy(f => f.Key, StringComparer.Ordinal)) != before;
            if (changed)
                _commits++;
            if (!Calm && write.IsRemoval && Dice.Next(8) == 0)
                return failed("the store is gone", true);
            return written($"commit{_commits}", changed);
        });
        _questions.Add(question);
    }

    private void Apply(PathChange change)
    {
        switch (change)
        {
            case PathChange.ReplaceDirectory c:
                foreach (var path in Store.Keys.Where(p => p.StartsWith(c.Directory + "/", StringComparison.Ordinal)).ToList())
                    Store.Remove(path);
                foreach (var file in c.Files)
                    Store[FileLayout.Join(c.Directory, file.Path)] = file.Digest;
                break;
            case PathChange.ReplaceListed c:
                foreach (var path in _listings.GetValueOrDefault(c.Listing, []).Concat(c.Former))
                    Store.Remove(path);
                foreach (var file in c.Files)
                    Store[file.Path] = file.Digest;
                _listings[c.Listing] = [.. c.Files.Select(f => f.Path)];
                break;
            default:
                throw new InvalidOperationException($"unknown change {change.GetType()}");
        }
    }

    private void IssueOutstanding()
    {
        var owed = Outstanding(State).ToList();
        Assume(owed.Distinct().Count() == owed.Count, "nothing is asked twice");
        _inFlight.IntersectWith(owed);
        foreach (var effect in owed)
        {
            EffectsSeen.Add(effect.GetType());
            if (_inFlight.Add(effect))
                Issue(effect);
        }
    }

    private void CarryOut(Question question)
    {
        _questions.Remove(question);
        Log($"world: {question.Effect}");
        if (question.CarryOut() is { } answer)
            _answers.Add(answer);
    }

    private void Finish(Run run)
    {
        run.Result = run.Ends();
        Log($"world: run {run.Id} ends, {run.Result.GetType().Name}");
        _answers.Add(run.Answer(run.Result));
    }

    private void Notice()
    {
        var observation = _observations[0];
        _observations.RemoveAt(0);
        Tell(observation);
    }

    private void Deliver()
    {
        var index = Calm ? 0 : Dice.Next(_answers.Count);
        var answer = _answers[index];
        _answers.RemoveAt(index);
        _past.Add(answer);
        if (EverythingTwice)
            Tell(answer);
        else if (!Calm && Dice.Next(5) == 0)
            _answers.Add(answer);
        Tell(answer);
    }

    private static string Text(Decision<TEvent> decision) => decision is Decision<TEvent>.Happened h ? Json.Text(h.Event) : decision.ToString()!;

    private sealed record Question(TEffect Effect, string Key, Func<TCommand?> CarryOut);

    private sealed record Run(string Id, Func<RunResult> Ends, Func<RunResult, TCommand> Answer)
    {
        public RunResult? Result { get; set; }
    }
}
