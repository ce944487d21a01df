using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>A moment of an object's history: after event <paramref name="Sequence"/>, 0 before the first.</summary>
/// <param name="Problem">Why the events up to then cannot be told, or null.</param>
internal sealed record AuditMoment(EntityKey Entity, long Sequence, DateTimeOffset? Since, AuditFold? Fold, string? Problem = null)
{
    internal string Phase => Fold?.Phase ?? "unknown";

    internal JsonNode? State => Fold?.State;
}

/// <summary>What was then: an object, or all of them, as the events up to a moment make them.</summary>
internal static class AuditHistory
{
    /// <exception cref="AuditException">The events up to then cannot be told.</exception>
    internal static async Task<AuditMoment> At(IJournal journal, EntityKey entity, AuditPoint point, CancellationToken cancellation)
    {
        var fold = AuditFold.Of(entity);
        var (sequence, since) = (0L, (DateTimeOffset?)null);
        await foreach (var happened in journal.Events(entity, 0, cancellation))
        {
            // Also where a clock that was set back gave later events earlier times: a history has no holes.
            if (!point.Includes(happened))
                break;
            fold.Apply(happened);
            (sequence, since) = (happened.Sequence, happened.Time);
        }

        return new AuditMoment(entity, sequence, since, fold);
    }

    /// <summary>
    /// Every object there was at the moment, in order of type and name. One after the other, so that the states of a large platform are never held at once; one
    /// whose events cannot be told does not hide the others.
    /// </summary>
    internal static async IAsyncEnumerable<AuditMoment> All(IJournal journal, AuditPoint point, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var type in AuditFold.Types)
            await foreach (var row in journal.Summaries(type, "", cancellation))
                if (await AtOrProblem(journal, new EntityKey(type, row.Id), point, cancellation) is { } moment)
                    yield return moment;
    }

    private static async Task<AuditMoment?> AtOrProblem(IJournal journal, EntityKey entity, AuditPoint point, CancellationToken cancellation)
    {
        try
        {
            return await At(journal, entity, point, cancellation) is { Sequence: > 0 } moment ? moment : null;
        }
        catch (AuditException broken)
        {
            return new AuditMoment(entity, 0, null, null, broken.Message);
        }
    }
}

/// <summary>A point in a history: a time, or the number of an event.</summary>
internal sealed record AuditPoint(DateTimeOffset? Time, long? Sequence)
{
    internal const string Times = "a time such as 2026-11-23T00:04:10Z (without a zone: UTC)";
    internal const string Forms = Times + ", or the number of an event such as 3";

    // RFC 3339, and as the audit prints it. Nothing that a reader from elsewhere would read otherwise, and nothing that depends on today.
    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd' 'HH:mmK", "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK"];

    /// <summary>To the millisecond, so that a time copied from what the audit printed includes the event it was printed for.</summary>
    internal bool Includes(JournalEvent happened) =>
        Sequence is { } last ? happened.Sequence <= last : happened.Time.AddTicks(-(happened.Time.Ticks % TimeSpan.TicksPerMillisecond)) <= Time;

    /// <summary>Null when the text is neither.</summary>
    internal static AuditPoint? Parse(string text)
    {
        var culture = CultureInfo.InvariantCulture;
        if (long.TryParse(text, NumberStyles.None, culture, out var sequence))
            return new AuditPoint(null, sequence);
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, TimeFormats, culture, Utc, out var time) ? new AuditPoint(time, null) : null;
    }
}

/// <summary>A value that is not the same in two states; <paramref name="Path"/> as in <c>phase.phase</c> or <c>works[0].name</c>, null where there is none.</summary>
internal sealed record AuditChange(string Path, JsonNode? Before, JsonNode? After)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal IEnumerable<string> Lines()
    {
        if (Before is not null)
            yield return $"- {Path}: {Before.ToJsonString(Plain)}";
        if (After is not null)
            yield return $"+ {Path}: {After.ToJsonString(Plain)}";
    }

    internal static IReadOnlyList<AuditChange> Between(JsonNode? before, JsonNode? after)
    {
        var changes = new List<AuditChange>();
        Compare("", before, after, changes);
        return changes;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<AuditChange> changes)
    {
        if (before is JsonObject a && after is JsonObject b)
        {
            foreach (var key in a.Select(kv => kv.Key).Union(b.Select(kv => kv.Key)))
                Compare(path.Length == 0 ? key : $"{path}.{key}", a[key], b[key], changes);
        }
        else if (before is JsonArray one && after is JsonArray two)
        {
            for (var i = 0; i < Math.Max(one.Count, two.Count); i++)
                Compare($"{path}[{i}]", i < one.Count ? one[i] : null, i < two.Count ? two[i] : null, changes);
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            changes.Add(new AuditChange(path, before, after));
        }
    }
}
