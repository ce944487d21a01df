using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Core.Tests.Laws;

namespace Kratix.Actors.Core.Tests.Scenarios;

/// <summary>The lifecycle page, its diagrams, its transcripts and the code say the same. <c>UPDATE_SCENARIOS=1</c> rewrites the transcripts.</summary>
public sealed class LifecyclePageTests
{
    private static readonly string Folder = Repository.File("tests", "Kratix.Actors.Core.Tests", "Scenarios");

    public static TheoryData<string> Aggregates => ["request", "Promise"];

    public static TheoryData<string> Transcripts => [.. Files()];

    private static IEnumerable<string> Files() =>
        Directory.GetFiles(Folder, "*.txt", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Aggregates))]
    public void Page_lists_the_phases_of_the_code(string aggregate)
    {
        var code = aggregate == "request" ? typeof(ResourcePhase) : typeof(PromisePhase);
        Assert.Equal(code.GetNestedTypes().Select(t => t.Name), LifecyclePage.Of(aggregate).Phases);
    }

    [Theory]
    [MemberData(nameof(Aggregates))]
    public void Page_has_a_row_for_every_arrow_that_some_life_takes(string aggregate)
    {
        var told = LifecyclePage.Of(aggregate).Rows.SelectMany(r => r.From.Select(f => $"{f} {r.Event} {r.To}")).ToHashSet();
        var missing = Taken(aggregate).Distinct().Where(t => !told.Contains(t)).Order(StringComparer.Ordinal).ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} arrows have no row:\n{string.Join('\n', missing)}");
    }

    [Theory]
    [MemberData(nameof(Aggregates))]
    public void Diagram_draws_arrows_that_the_table_tells(string aggregate)
    {
        var page = LifecyclePage.Of(aggregate);
        var told = page.Rows.SelectMany(r => r.From.Select(f => (f, r.To))).ToHashSet();
        Assert.Equal([], page.Drawn.Where(d => !told.Contains(d)));
        Assert.Equal(page.Phases.Order(), page.Drawn.SelectMany(d => new[] { d.From, d.To }).Distinct().Order());
    }

    [Fact]
    public void Every_row_has_a_transcript_and_every_transcript_a_row()
    {
        var told = LifecyclePage.Of("request").Rows.Concat(LifecyclePage.Of("Promise").Rows).Select(r => r.Transcript).ToList();
        Assert.Equal(told.Order(StringComparer.Ordinal), Files());
    }

    [Theory]
    [MemberData(nameof(Transcripts))]
    public void Transcript_is_what_happens_today_and_shows_its_row(string transcript)
    {
        var path = Path.Combine(Folder, transcript);
        var text = File.ReadAllText(path);
        var ofRequest = transcript.StartsWith("resource/", StringComparison.Ordinal);
        var (now, arrow) = ofRequest ? Run(new ResourceScript(), text) : Run(new PromiseScript(), text);
        if (Repository.Rewrites)
            File.WriteAllText(path, now);
        else
            Assert.Equal(text, now);
        var row = LifecyclePage.Of(ofRequest ? "request" : "Promise").Rows.Single(r => r.Transcript == transcript);
        Assert.Contains(arrow.From, row.From);
        Assert.Equal((row.Event, row.To), (arrow.Event, arrow.To));
    }

    private static (string Now, (string From, string Event, string To) Arrow) Run<TState, TCommand, TEvent>(Script<TState, TCommand, TEvent> script, string text)
        where TEvent : notnull
    {
        var now = script.Run(text);
        return (now, script.Arrow);
    }

    private static IEnumerable<string> Taken(string aggregate)
    {
        foreach (var seed in Seeds.Upto(60))
        {
            var steps = aggregate == "request" ? Steps(new ResourceWorld(seed).Live(), s => s.Phase) : Steps(new PromiseWorld(seed).Live(), s => s.Phase);
            foreach (var step in steps)
                yield return step;
        }
    }

    private static IEnumerable<string> Steps<TState, TCommand, TEvent, TEffect>(World<TState, TCommand, TEvent, TEffect> world, Func<TState, object> phase)
        where TCommand : class
        where TEvent : notnull
        where TEffect : notnull
    {
        var from = "Unobserved";
        for (var i = 0; i < world.Journal.Count; i++)
        {
            var to = phase(world.States[i]).GetType().Name;
            if (from != to)
                yield return $"{from} {Script<TState, TCommand, TEvent>.Kebab(world.Journal[i].GetType().Name)} {to}";
            from = to;
        }
    }
}
