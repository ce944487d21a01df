using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>A moment of an object's history: after event <paramref name="Sequence"/>, 0 before the first.</summary>
internal sealed record AuditMoment(EntityKey Entity, long Sequence, DateTimeOffset? Since, string Phase, JsonNode State);

/// <summary>What was then: an object, or all of them, as the events up to a moment make them.</summary>
internal static class AuditHistory
{
    internal static async Task<AuditMoment> At(IJournal journal, EntityKey entity, AuditPoint point, CancellationToken cancellation)
    {
        var fold = AuditFold.Of(entity);
        var (sequence, since) = (0L, (DateTimeOffset?)null);
        await foreach (var happened in journal.Events(entity, 0, cancellation))
        {
            if (!point.Includes(happened))
                break;
            fold.Apply(happened);
            (sequence, since) = (happened.Sequence, happened.Time);
        }

        return new AuditMoment(entity, sequence, since, fold.Phase, fold.State);
    }

    /// <summary>Every object there was at the moment, in order of type and name; one pass over the journal.</summary>
    internal static async Task<IReadOnlyList<AuditMoment>> All(IJournal journal, AuditPoint point, CancellationToken cancellation)
    {
        var folds = new SortedDictionary<string, (EntityKey Entity, AuditFold Fold, long Sequence, DateTimeOffset Since)>(StringComparer.Ordinal);
        await foreach (var happened in journal.Events(null, 0, cancellation))
        {
            if (!point.Includes(happened))
                continue;
            var key = happened.Entity.ToString();
            var fold = folds.TryGetValue(key, out var known) ? known.Fold : AuditFold.Of(happened.Entity);
            fold.Apply(happened);
            folds[key] = (happened.Entity, fold, happened.Sequence, happened.Time);
        }

        return [.. folds.Values.Select(f => new AuditMoment(f.Entity, f.Sequence, f.Since, f.Fold.Phase, f.Fold.State))];
    }
}

/// <summary>A point in a history: a time (with a zone, or UTC), or the number of an event.</summary>
internal sealed record AuditPoint(DateTimeOffset? Time, long? Sequence)
{
    internal const string Forms = "a time such as 2026-11-23T00:04:10Z, or the number of an event such as 3";

    internal bool Includes(JournalEvent happened) => Sequence is { } last ? happened.Sequence <= last : happened.Time <= Time;

    /// <summary>Null when the text is neither.</summary>
    internal static AuditPoint? Parse(string text)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (long.TryParse(text, System.Globalization.NumberStyles.None, culture, out var sequence))
            return new AuditPoint(null, sequence);
        const System.Globalization.DateTimeStyles Utc = System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(text, culture, Utc, out var time) ? new AuditPoint(time, null) : null;
    }
}

/// <summary>How two states differ: a line for each value that is not the same, by its path.</summary>
internal static class AuditDifference
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static IReadOnlyList<string> Between(JsonNode? before, JsonNode? after)
    {
        var lines = new List<string>();
        Compare("", before, after, lines);
        return lines;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<string> lines)
    {
        if (before is JsonObject a && after is JsonObject b)
        {
            foreach (var key in a.Select(kv => kv.Key).Union(b.Select(kv => kv.Key)))
                Compare(path.Length == 0 ? key : $"{path}.{key}", a[key], b[key], lines);
        }
        else if (before is JsonArray one && after is JsonArray two)
        {
            for (var i = 0; i < Math.Max(one.Count, two.Count); i++)
                Compare($"{path}[{i}]", i < one.Count ? one[i] : null, i < two.Count ? two[i] : null, lines);
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            if (before is not null)
                lines.Add($"- {path}: {before.ToJsonString(Plain)}");
            if (after is not null)
                lines.Add($"+ {path}: {after.ToJsonString(Plain)}");
        }
    }
}
