using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// Publishes statuses that differ from what the object shows: at most one write of an object at a time, and after it the newest that is wanted,
/// so that a burst of changes costs few writes. A status is patched by name: what is on its way for an object that somebody replaces arrives at the one that
/// took its name, so all objects of one name have one line.
/// </summary>
internal sealed partial class StatusWriter(World world)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>
    /// Makes the object's status show <paramref name="wanted"/>, which is asked when it is written and makes a new tree each time; fields of others are left alone.
    /// <paramref name="patience"/>: how long this may wait for the next status, which is then written in its place.
    /// </summary>
    internal void Publish(ResourceType type, JsonObject item, Func<JsonObject> wanted, TimeSpan patience = default)
    {
        var key = $"{type.Plural}.{type.Group}/{item.Namespace()}/{item.Name()}";
        var slot = SlotOf(key);
        lock (slot)
        {
            (slot.Wanted, slot.Item) = (wanted, item);
            slot.Patience = patience;
            if (patience == TimeSpan.Zero)
                slot.Pause.End();
            if (slot.Writing)
                return;
            slot.Writing = true;
        }

        _ = Drain(slot, type, item.Namespace(), item.Name());
    }

    private Slot SlotOf(string key)
    {
        lock (_slots)
        {
            if (!_slots.TryGetValue(key, out var slot))
                _slots[key] = slot = new Slot(world.Time);
            return slot;
        }
    }

    private async Task Drain(Slot slot, ResourceType type, string? ns, string name)
    {
        while (true)
        {
            Task pause;
            lock (slot)
            {
                // Begun while nobody else may publish, so that whoever comes next can end it.
                pause = slot.Patience > TimeSpan.Zero ? slot.Pause.Wait(slot.Patience) : Task.CompletedTask;
                slot.Patience = TimeSpan.Zero;
            }

            await pause;
            Func<JsonObject> newest;
            JsonObject? item;
            lock (slot)
            {
                if (slot.Wanted is null)
                {
                    slot.Writing = false;
                    return;
                }

                (newest, item) = (slot.Wanted, slot.Item);
                (slot.Wanted, slot.Item) = (null, null);
            }

            var before = (slot.Last, slot.LastOf);
            Outcome<JsonObject>? outcome;
            try
            {
                outcome = await Write(slot, type, ns, name, item!, newest());
            }
            catch (Exception cause)
            {
                LogThrew(world.Log, type.Kind, ns, name, cause);
                outcome = new Outcome<JsonObject>.Transient(cause.Message);
            }

            switch (outcome)
            {
                case null or Outcome<JsonObject>.Done or Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }:
                    break;
                case Outcome<JsonObject>.Terminal terminal:
                    LogRefused(world.Log, type.Kind, ns, name, terminal.Reason);
                    break;
                case Outcome<JsonObject>.Transient transient:
                    lock (slot)
                    {
                        if (slot.Wanted is null)
                            (slot.Wanted, slot.Item) = (newest, item);
                    }

                    (slot.Last, slot.LastOf) = before;
                    await Task.Delay(transient.After ?? RetryAfter, world.Time, CancellationToken.None);
                    break;
                default:
                    throw new InvalidOperationException($"unknown outcome {outcome.GetType()}");
            }
        }
    }

    /// <summary>
    /// Null: it is shown already. What this process wrote last is newer than any observation; before the first write the observation is all there is. When it was
    /// written for an earlier object, nobody knows which of the two has it.
    /// </summary>
    private async Task<Outcome<JsonObject>?> Write(Slot slot, ResourceType type, string? ns, string name, JsonObject item, JsonObject wanted)
    {
        var (last, text) = (slot.Last, Canonical.Utf8(wanted));
        if (last is null ? Objects.Shows(item["status"], wanted) : last.AsSpan().SequenceEqual(text) && slot.LastOf == item.Uid())
            return null;
        (slot.Last, slot.LastOf) = (text, item.Uid());
        var body = new JsonObject { ["status"] = last is null ? wanted : Objects.Replacing(JsonNode.Parse(last)!.AsObject(), wanted) };
        return await world.Kubernetes.Patch(type, ns, name, PatchKind.Merge, body, "status", CancellationToken.None);
    }

    [LoggerMessage(2001, LogLevel.Warning, "The API server refused the status of {Kind} {Namespace}/{Name}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string kind, string? @namespace, string name, string reason);

    [LoggerMessage(2004, LogLevel.Error, "The status of {Kind} {Namespace}/{Name} could not be written and is tried again")]
    private static partial void LogThrew(ILogger logger, string kind, string? @namespace, string name, Exception cause);

    private sealed class Slot(TimeProvider time)
    {
        internal Pause Pause { get; } = new(time);

        internal TimeSpan Patience { get; set; }

        /// <summary>What was written last, as a canonical text; of whoever is writing.</summary>
        internal byte[]? Last { get; set; }

        /// <summary>The uid of the object that it was written for.</summary>
        internal string? LastOf { get; set; }

        internal Func<JsonObject>? Wanted { get; set; }

        /// <summary>As observed when that was wanted.</summary>
        internal JsonObject? Item { get; set; }

        internal bool Writing { get; set; }
    }
}
