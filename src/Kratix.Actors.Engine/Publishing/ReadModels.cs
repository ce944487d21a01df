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
    private Func<IReadOnlyList<Model>>? _wanted;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
    private readonly Pause _pause = new(world.Time);
    private TimeSpan _patience;
    private bool _busy;

    /// <summary>The owner is new: nobody has published anything for it, and there is nothing to look for.</summary>
    internal bool NothingIsThere { get; set; }

    internal bool HasPublished
    {
        get
        {
            lock (_gate)
                return _published.Count > 0 || _wanted is not null;
        }
    }

    /// <summary>
    /// <paramref name="atRest"/>: no run is under way; until then what would be shown is about to change.
    /// <paramref name="patience"/>: how long this may wait for what comes next, which is then published in its place.
    /// </summary>
    internal void Publish(WorkOwner owner, Works works, JsonObject item, bool atRest, TimeSpan patience = default)
    {
        if (!settings.PublishReadModels || !atRest)
            return;
        Want(() => [.. works.ByPipeline.Values.SelectMany(w => WorkModels.Of(owner, w, item))], patience);
    }

    internal void Clear()
    {
        if (HasPublished)
            Want(() => [], TimeSpan.Zero);
    }

    /// <summary><paramref name="wanted"/>: asked when it is written; of what passes nothing is made.</summary>
    private void Want(Func<IReadOnlyList<Model>> wanted, TimeSpan patience)
    {
        lock (_gate)
        {
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
            Func<IReadOnlyList<Model>> wanted;
            lock (_gate)
            {
                if (_wanted is null)
                {
                    _busy = false;
                    return;
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
                _wanted ??= wanted;
        }
    }

    /// <summary>False when trying again may help.</summary>
    private async Task<bool> TryAll(IReadOnlyList<Model> wanted)
    {
        try
        {
            var done = true;
            foreach (var model in wanted)
                done &= await Apply(model);
            foreach (var gone in _published.Keys.Where(k => wanted.All(w => w.Key != k)).ToList())
                done &= await Remove(gone);
            return done;
        }
        catch (Exception cause)
        {
            LogFailed(world.Log, cause.Message);
            return false;
        }
    }

    private async Task<bool> Apply(Model model)
    {
        var digest = model.Digest;
        var known = _published.TryGetValue(model.Key, out var before);
        if (known && before.Digest == digest)
            return true;
        var (ns, name) = (model.Body.Namespace()!, model.Body.Name());
        if (!known && !NothingIsThere)
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
                    _published[model.Key] = (digest, before.Times);
                    return true;
                }
            }
        }

        model.Date(world.Now, before.Times);
        var outcome = await world.Kubernetes.Patch(model.Type, ns, name, PatchKind.Apply, model.Body, null, CancellationToken.None);
        if (outcome.Failure is { } failure)
            LogFailed(world.Log, $"{model.Key}: {failure}");
        else
            _published[model.Key] = (digest, ConditionTimes.Of(model.Body));
        return outcome is not Outcome<JsonObject>.Transient;
    }

    private async Task<bool> Remove(string key)
    {
        var parts = key.Split('/');
        var type = parts[0] == Kinds.Work.Plural ? Kinds.Work : Kinds.WorkPlacement;
        var outcome = await world.Kubernetes.Delete(type, parts[1], parts[2], CancellationToken.None);
        if (outcome.Failure is { } failure)
            LogFailed(world.Log, $"{key}: {failure}");
        else
            _published.Remove(key);
        return outcome is not Outcome<Nothing>.Transient;
    }

    [LoggerMessage(2003, LogLevel.Warning, "A Work or WorkPlacement was not published: {Failure}")]
    private static partial void LogFailed(ILogger logger, string failure);
}
