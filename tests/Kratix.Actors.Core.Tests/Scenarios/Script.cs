using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Core.Tests.Scenarios;

/// <summary>
/// A transcript: comments (<c>#</c>), history (<c>.</c> and a command, told silently) and one question (<c>&gt;</c> and a command) whose outcome
/// is printed below it in full. Each command comes one second after the one before, unless it says <c>after=11h</c>.
/// </summary>
internal abstract class Script<TState, TCommand, TEvent>(TState empty)
    where TEvent : notnull
{
    private DateTimeOffset _now = Given.Start;

    public TState State { get; private set; } = empty;

    /// <summary>From, event and to of the question.</summary>
    public (string From, string Event, string To) Arrow { get; private set; }

    protected abstract TCommand Read(string verb, Words words, DateTimeOffset at);

    protected abstract Decision<TEvent> Decide(TCommand command);

    protected abstract TState Evolve(TEvent @event);

    protected abstract object Phase { get; }

    protected abstract IEnumerable<object> Owed { get; }

    protected abstract JsonObject Status { get; }

    /// <summary>Runs the script and gives its text back with the outcome of today.</summary>
    public string Run(string text)
    {
        var result = new StringBuilder();
        foreach (var line in text.Split('\n').TakeWhile(l => !l.StartsWith("---", StringComparison.Ordinal)).Where(l => l.Length > 0))
        {
            result.Append(line).Append('\n');
            if (line[0] == '#')
                continue;
            var words = new Words(line[2..]);
            _now += words.Get("after") is { } after ? Span(after) : TimeSpan.FromSeconds(1);
            var from = Phase.GetType().Name;
            var decision = Decide(Read(words.Verb, words, _now));
            if (decision is Decision<TEvent>.Happened happened)
                State = Evolve(happened.Event);
            if (line[0] == '>')
            {
                Arrow = (from, decision is Decision<TEvent>.Happened h ? Kebab(h.Event.GetType().Name) : "nothing", Phase.GetType().Name);
                Print(result, from, decision);
            }
            else if (decision is not Decision<TEvent>.Happened)
                throw new InvalidOperationException($"'{line}' should have made history, but: {decision}");
        }

        return result.ToString();
    }

    /// <summary>Tells commands separated by semicolons, and gives the state back.</summary>
    public TState After(string commands)
    {
        Run(string.Join('\n', commands.Split("; ").Select(c => ". " + c)));
        return State;
    }

    public static string Kebab(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private void Print(StringBuilder result, string from, Decision<TEvent> decision)
    {
        result.Append("--- decision\n").Append(decision switch
        {
            Decision<TEvent>.Happened h => $"happened: {System.Text.Json.JsonSerializer.Serialize(h.Event, Json.Readable)}",
            Decision<TEvent>.Nothing n => $"nothing: {n.Why}",
            _ => decision.ToString(),
        }).Append('\n');
        result.Append("--- phase\n").Append(CultureInfo.InvariantCulture, $"{from} -> {Json.Text(Phase)}\n");
        result.Append("--- outstanding\n");
        foreach (var effect in Owed)
            result.Append(effect).Append('\n');
        result.Append("--- status\n").Append(Status.ToJsonString(Json.Readable)).Append('\n');
    }

    private static TimeSpan Span(string text) => text[^1] switch
    {
        'h' => TimeSpan.FromHours(int.Parse(text[..^1], CultureInfo.InvariantCulture)),
        's' => TimeSpan.FromSeconds(int.Parse(text[..^1], CultureInfo.InvariantCulture)),
        _ => throw new FormatException($"'{text}' is not a time like 30s or 11h"),
    };
}

/// <summary>A verb and <c>key=value</c> words; a value with spaces is written with underscores.</summary>
internal sealed class Words
{
    private readonly Dictionary<string, string> _values;

    public Words(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Verb = parts[0];
        _values = parts.Skip(1).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p.Length == 2 ? p[1] : "", StringComparer.Ordinal);
    }

    public string Verb { get; }

    public string? Get(string key) => _values.GetValueOrDefault(key);

    public string Get(string key, string otherwise) => Get(key) ?? otherwise;

    public bool Has(string key) => _values.ContainsKey(key);

    public IEnumerable<string> List(string key) => Get(key, "").Split(',', StringSplitOptions.RemoveEmptyEntries);
}
