using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.Effects;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Publishing;

/// <summary>
/// Publishes an object's Works and WorkPlacements for people and tools that look for them: file lists with sizes and digests, Destination, commit,
/// conditions; never contents. The journal is the truth; what is published follows it, and goes with its owner.
/// </summary>
internal sealed partial class ReadModels(World world, EngineSettings settings)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Digest, ConditionTimes Times)> _published = new(StringComparer.Ordinal);

    /// <summary>What may be there: an earlier life of the owner has published it, or it was sent and nobody has answered.</summary>
    private readonly HashSet<string> _maybe = new(StringComparer.Ordinal);
    private Func<Wish>? _wanted;
    private Func<Wish>? _last;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
    private readonly Pause _pause = new(world.Time);
    private TimeSpan _patience;
    private bool _busy;

    /// <summary>Set when the owner's actor has failed: told what is there once nothing is on its way any more.</summary>
    private Action<IReadOnlyList<string>>? _successor;

    /// <summary>The owner is new: nobody has published anything for it, and there is nothing to look for.</summary>
    private bool _nothingIsThere;

    /// <summary>Begins with what the owner's state says of its earlier life: what that has published goes when it is wanted no more.</summary>
    internal void Recovered(bool isNew, string ns, Works works)
    {
        _nothingIsThere = isNew;
        Inherit(WorkModels.Keys(ns, works));
    }

    /// <summary>These are there, whether they are wanted or not.</summary>
    internal void Inherit(IEnumerable<string> keys)
    {
        if (!settings.PublishReadModels)
            return;
        Func<Wish>? last;
        lock (_gate)
        {
            _maybe.UnionWith(keys);
            last = _last;
        }

        if (last is not null)
            Want(last, TimeSpan.Zero);
    }

    /// <summary>Something is being published, or waits to be.</summary>
    internal bool IsBusy
    {
        get
        {
            lock (_gate)
                return _busy;
        }
    }

    /// <summary>
    /// The owner's actor has failed and begins anew: this one publishes nothing more. Its journal may have stored without saying so that something is not wanted any more, and
    /// what is on its way may arrive after the successor has looked; so the successor is told by name what is there when nothing is on its way.
    /// </summary>
    internal void HandOver(Action<IReadOnlyList<string>> successor)
    {
        lock (_gate)
        {
            _successor = successor;
            _wanted = null;
            _pause.End();
            if (_busy)
                return;
        }

        HandOver();
    }

    private void HandOver()
    {
        List<string> there;
        lock (_gate)
            there = [.. _published.Keys.Union(_maybe)];
        if (there.Count > 0)
            _successor?.Invoke(there);
    }

    /// <summary>
    /// <paramref name="atRest"/>: no run is under way; until then what would be shown is about to change.
    /// <paramref name="patience"/>: how long this may wait for what comes next, which is then published in its place.
    /// </summary>
    internal void Publish(WorkOwner owner, Works works, JsonObject item, bool atRest, TimeSpan patience = default)
    {
        if (!settings.PublishReadModels || !atRest)
            return;
        var reference = OwnerReference.To(item);
        Want(
            () => new Wish(
                [.. works.ByPipeline.Values.SelectMany(w => WorkModels.Of(owner, w, reference))],
                [.. works.Removals.Select(p => WorkModels.KeyOf(Kinds.WorkPlacement, WorkModels.NamespaceOf(owner), p.Name))]),
            patience, isNothing: !works.Groups.Any());
    }

    internal void Clear() => Want(() => new Wish([], []), TimeSpan.Zero, isNothing: true);

    /// <summary>
    /// <paramref name="wanted"/>: asked when it is written; of what passes nothing is made. <paramref name="isNothing"/>: no model is wanted, so that there is
    /// only something to do where something is there, or on its way. It is remembered all the same: what is there may be learnt of later.
    /// </summary>
    private void Want(Func<Wish> wanted, TimeSpan patience, bool isNothing = false)
    {
        lock (_gate)
        {
            _last = wanted;
            if (isNothing && !_busy && _published.Count == 0 && _maybe.Count == 0)
                return;
            _wanted = wanted;
            _patience = patience;
            if (patience == TimeSpan.Zero)
                _pause.End();
            if (_busy)
                return;
            _busy = true;
        }

        _ = Drain();
    }

    private async Task Drain()
    {
        while (true)
        {
            Task pause;
            lock (_gate)
            {
                pause = _patience > TimeSpan.Zero ? _pause.Wait(_patience) : Task.CompletedTask;
                _patience = TimeSpan.Zero;
            }

            await pause;
            Func<Wish> wanted;
            lock (_gate)
            {
                if (_wanted is null)
                {
                    _busy = false;
                    break;
                }

                wanted = _wanted;
                _wanted = null;
            }

            if (await TryAll(wanted()))
            {
                _backoff.Reset();
                continue;
            }

            await Task.Delay(_backoff.Next(null), world.Time, CancellationToken.None);
            lock (_gate)
                _wanted = _successor is null ? _wanted ?? wanted : null;
        }

        HandOver();
    }

    /// <summary>False when trying again may help.</summary>
    private async Task<bool> TryAll(Wish wanted)
    {
        try
        {
            var done = true;
            foreach (var model in wanted.Models)
                done &= await Apply(model);
            foreach (var gone in Unwanted(wanted))
                done &= await Remove(gone);
            return done;
        }
        catch (Exception cause)
        {
            LogFailed(world.Log, cause.Message);
            return false;
        }
    }

    /// <summary>A WorkPlacement goes last: by it the next process finds what this one could not take back any more.</summary>
    private List<string> Unwanted(Wish wanted)
    {
        var stays = wanted.Models.Select(m => m.Key).Concat(wanted.Kept).ToHashSet(StringComparer.Ordinal);
        lock (_gate)
            return [.. _published.Keys.Union(_maybe).Where(k => !stays.Contains(k)).OrderBy(k => TypeOf(k) == Kinds.WorkPlacement)];
    }

    private static ResourceType TypeOf(string key) => key.StartsWith(Kinds.Work.Plural + "/", StringComparison.Ordinal) ? Kinds.Work : Kinds.WorkPlacement;

    private async Task<bool> Apply(Model model)
    {
        var known = _published.TryGetValue(model.Key, out var before);
        if (known && before.Digest == model.Digest)
            return true;
        var (ns, name) = (model.Body.Namespace()!, model.Body.Name());
        if (!known && !_nothingIsThere)
        {
            var found = await world.Kubernetes.Get(model.Type, ns, name, CancellationToken.None);
            if (found is Outcome<JsonObject>.Transient)
                return false;
            if (found is Outcome<JsonObject>.Done { Value: var shown })
            {
                before.Times = ConditionTimes.Of(shown);
                model.Date(world.Now, before.Times);
                if (Objects.Shows(shown, model.Body))
                {
                    Published(model, before.Times);
                    return true;
                }
            }
        }

        model.Date(world.Now, before.Times);
        // Also when the answer is lost: by the time it would be asked again it may not be wanted any more.
        lock (_gate)
            _maybe.Add(model.Key);
        var outcome = await world.Kubernetes.Patch(model.Type, ns, name, PatchKind.Apply, model.Body, null, CancellationToken.None);
        if (outcome.Failure is { } failure)
            LogFailed(world.Log, $"{model.Key}: {failure}");
        else
            Published(model, ConditionTimes.Of(model.Body));
        return outcome is not Outcome<JsonObject>.Transient;
    }

    private void Published(Model model, ConditionTimes times)
    {
        lock (_gate)
        {
            _published[model.Key] = (model.Digest, times);
            _maybe.Remove(model.Key);
        }
    }

    private async Task<bool> Remove(string key)
    {
        var parts = key.Split('/');
        var outcome = await world.Kubernetes.Delete(TypeOf(key), parts[1], parts[2], CancellationToken.None);
        if (outcome.Failure is { } failure)
        {
            LogFailed(world.Log, $"{key}: {failure}");
            return outcome is not Outcome<Nothing>.Transient;
        }

        lock (_gate)
        {
            _published.Remove(key);
            _maybe.Remove(key);
        }

        return true;
    }

    /// <summary>What is to be there: as it is to look, and by its key what stays as it is until its files are taken back.</summary>
    private sealed record Wish(IReadOnlyList<Model> Models, IReadOnlyList<string> Kept);

    [LoggerMessage(2003, LogLevel.Warning, "A Work or WorkPlacement was not published: {Failure}")]
    private static partial void LogFailed(ILogger logger, string failure);
}
