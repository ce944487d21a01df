using System.Text.Json;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Host.Audit;

/// <summary>Finds the object that somebody names.</summary>
internal static class AuditTarget
{
    internal const string Forms =
        """
        PROMISE/NAMESPACE/NAME       redis/default/example
          KIND.GROUP/NAMESPACE/NAME    redis.marketplace.kratix.io/default/example (kind or plural)
          promise/NAME                 promise/redis
        """;

    /// <summary>Null where none is named, which means all.</summary>
    internal static async Task<EntityKey?> FindIfNamed(IJournal journal, string? written, CancellationToken cancellation) =>
        written is null ? null : await Find(journal, written, cancellation);

    /// <exception cref="CommandException">The name has none of the forms, or there is no such object in the journal.</exception>
    internal static async Task<EntityKey> Find(IJournal journal, string written, CancellationToken cancellation)
    {
        var parts = written.Split('/');
        if (parts.Any(part => part.Length == 0) || parts.Length is < 2 or > 4 || (parts.Length == 2 && parts[0] != AuditFold.Promise) || (parts.Length == 4 && parts[0] != AuditFold.Resource))
            throw new CommandException(ExitCode.Usage, $"'{written}' does not name an object; write one of\n  {Forms}");

        if (parts.Length == 2)
            return await Existing(journal, new EntityKey(AuditFold.Promise, parts[1]), written, cancellation);
        if (parts.Length == 4)
            return await Existing(journal, new EntityKey(AuditFold.Resource, string.Join('/', parts[1..])), written, cancellation);

        var byPromise = new EntityKey(AuditFold.Resource, written);
        if (await journal.Read(byPromise, cancellation) is null)
        {
            await foreach (var row in journal.Rows(AuditFold.Promise, cancellation))
                if (HasApi(row, parts[0]) && await journal.Read(new EntityKey(AuditFold.Resource, $"{row.Entity.Id}/{parts[1]}/{parts[2]}"), cancellation) is { } found)
                    return found.Entity;
        }
        return await Existing(journal, byPromise, written, cancellation);
    }

    private static async Task<EntityKey> Existing(IJournal journal, EntityKey entity, string written, CancellationToken cancellation)
    {
        if (await journal.Read(entity, cancellation) is not null)
            return entity;
        var known = new List<string>();
        await foreach (var summary in journal.Summaries(entity.Type, "", cancellation))
            known.Add(entity.Type == AuditFold.Promise ? $"{AuditFold.Promise}/{summary.Id}" : summary.Id);
        throw new CommandException(ExitCode.NotFound, known.Count == 0
            ? $"the journal knows no {entity.Type} '{written}'; it knows none at all"
            : $"the journal knows no {entity.Type} '{written}'; did you mean {NearestKey.Among(known, written)}?");
    }

    // One damaged Promise does not hide the requests of others.
    private static JsonDocument? Parsed(ReadOnlyMemory<byte> state)
    {
        try
        {
            return JsonDocument.Parse(state);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Read loosely: only these words of a Promise's state matter here, whichever version wrote it.
    private static bool HasApi(EntityRow promise, string written)
    {
        using var state = Parsed(promise.State);
        if (state?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("definition", out var definition) || definition.ValueKind != JsonValueKind.Object
            || !definition.TryGetProperty("api", out var api) || api.ValueKind != JsonValueKind.Object)
            return false;
        string Word(string name) => api.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
        string[] names = [Word("kind"), Word("plural"), $"{Word("kind")}.{Word("group")}", $"{Word("plural")}.{Word("group")}"];
        return names.Contains(written, StringComparer.OrdinalIgnoreCase);
    }
}
