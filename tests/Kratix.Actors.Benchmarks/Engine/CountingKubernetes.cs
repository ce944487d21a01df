using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>
/// The engine's Kubernetes, with each write counted by what it was for, and a signal for each status that the API server has acknowledged. So a
/// benchmark knows when it is done without watching, which would cost what it measures.
/// </summary>
internal sealed class CountingKubernetes(IKubernetes inner) : IKubernetes
{
    private readonly ConcurrentDictionary<string, long> _writes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Expectation, byte> _expectations = new();

    /// <summary>Writes so far, by purpose.</summary>
    internal IReadOnlyDictionary<string, long> Writes => _writes.ToDictionary(StringComparer.Ordinal);

    /// <summary>Ends when so many objects of the kind, whose names start so, have been shown with the condition True. Ask before it can happen.</summary>
    internal async Task Shown(string kind, string namePrefix, string condition, int count, TimeSpan limit)
    {
        var expectation = new Expectation(kind, namePrefix, condition, count);
        _expectations[expectation] = 0;
        try
        {
            await expectation.Met.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{expectation.Seen} of {count} objects {kind} {namePrefix}* had {condition}=True after {limit}");
        }
        finally
        {
            _expectations.TryRemove(expectation, out _);
        }
    }

    public Task<Outcome<JsonObject>> Get(ResourceType type, string? ns, string name, CancellationToken cancellation) => inner.Get(type, ns, name, cancellation);

    public Task<Outcome<IReadOnlyList<JsonObject>>> List(ResourceType type, string? ns, string? labelSelector, CancellationToken cancellation) =>
        inner.List(type, ns, labelSelector, cancellation);

    public Task<Outcome<JsonObject>> Create(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation)
    {
        Count(type, null);
        return inner.Create(type, ns, body, cancellation);
    }

    public async Task<Outcome<JsonObject>> Patch(
        ResourceType type, string? ns, string name, PatchKind kind, JsonNode body, string? subresource, CancellationToken cancellation)
    {
        Count(type, subresource);
        var outcome = await inner.Patch(type, ns, name, kind, body, subresource, cancellation);
        if (subresource == "status" && outcome is Outcome<JsonObject>.Done && !_expectations.IsEmpty)
        {
            foreach (var expectation in _expectations.Keys)
                expectation.Look(type.Kind, name, body["status"]?["conditions"] as JsonArray);
        }

        return outcome;
    }

    public Task<Outcome<Nothing>> Delete(ResourceType type, string? ns, string name, CancellationToken cancellation)
    {
        Count(type, null);
        return inner.Delete(type, ns, name, cancellation);
    }

    public Task<Outcome<string>> PodLog(string ns, string pod, string container, int lines, CancellationToken cancellation) => inner.PodLog(ns, pod, container, lines, cancellation);

    private void Count(ResourceType type, string? subresource)
    {
        var purpose = type == Kinds.Event ? "Events"
            : type == Kinds.Work || type == Kinds.WorkPlacement ? "Works and WorkPlacements"
            : subresource is not null ? "statuses" : "labels and finalizers";
        _writes.AddOrUpdate(purpose, 1, (_, n) => n + 1);
    }

    private sealed class Expectation(string kind, string namePrefix, string condition, int count)
    {
        private readonly ConcurrentDictionary<string, byte> _names = new(StringComparer.Ordinal);
        private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Met => _met.Task;

        internal int Seen => _names.Count;

        internal void Look(string shownKind, string name, JsonArray? conditions)
        {
            if (shownKind != kind || !name.StartsWith(namePrefix, StringComparison.Ordinal)
                || conditions?.Any(c => c?["type"]?.ToString() == condition && c["status"]?.ToString() == "True") != true)
            {
                return;
            }

            _names[name] = 0;
            if (_names.Count >= count)
                _met.TrySetResult();
        }
    }
}
