using System.Globalization;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// Takes a change of the Promise to its requests, some at a time. It is in memory alone: which requests still differ is found by comparing a listing with the
/// journal, after a crash too.
/// </summary>
internal sealed class Rollout(int atOnce)
{
    private readonly Queue<string> _order = new();

    /// <summary>As they are now: what a request was when it was listed may be long past when its turn comes.</summary>
    private readonly Dictionary<string, JsonObject> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inHand = new(StringComparer.Ordinal);
    private int _total;

    internal bool IsActive => _waiting.Count > 0 || _inHand.Count > 0;

    /// <summary>For people; null when every request has followed.</summary>
    internal string? Progress => IsActive
        ? string.Create(CultureInfo.InvariantCulture, $"{_total - _waiting.Count - _inHand.Count:N0} of {_total:N0} requests on the new spec")
        : null;

    /// <summary>These of <paramref name="total"/> requests differ. Those in hand go first, so that none waits behind its own turn.</summary>
    /// <returns>Those to tell now.</returns>
    internal IReadOnlyList<JsonObject> Begin(IReadOnlyList<JsonObject> differing, int total)
    {
        var inHand = _inHand.ToHashSet(StringComparer.Ordinal);
        _order.Clear();
        _waiting.Clear();
        _inHand.Clear();
        _total = total;
        foreach (var request in differing.OrderByDescending(r => inHand.Contains(KeyOf(r))))
        {
            _order.Enqueue(KeyOf(request));
            _waiting[KeyOf(request)] = request;
        }

        var now = new List<JsonObject>();
        while (_inHand.Count < atOnce && Next() is { } next)
            now.Add(next);
        return now;
    }

    /// <summary>The request has changed while it waits. A change that comes late is older than what was listed, and nobody would tell the newer again.</summary>
    internal void Saw(JsonObject request)
    {
        if (_waiting.TryGetValue(KeyOf(request), out var waits) && !request.IsOlderThan(waits))
            _waiting[KeyOf(request)] = request;
    }

    /// <summary>The request has followed, or is gone.</summary>
    /// <returns>The one to tell in its place, or null.</returns>
    internal JsonObject? Ended(string ns, string name) => _inHand.Remove($"{ns}/{name}") ? Next() : null;

    private JsonObject? Next()
    {
        while (_order.TryDequeue(out var key))
        {
            if (!_waiting.Remove(key, out var next))
                continue;
            _inHand.Add(key);
            return next;
        }

        return null;
    }

    private static string KeyOf(JsonObject request) => $"{request.Namespace()}/{request.Name()}";
}
