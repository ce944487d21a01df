using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Promises;

/// <summary>
/// The requests seen while an answer or a comparison is out, which began earlier and may bring an older object than was told in between. A request that is awake
/// would notice; one that went to sleep in between would take its past for news, and nobody tells its present again. It remembers nothing when nothing is out.
/// </summary>
internal sealed class SeenSince
{
    private readonly Dictionary<string, JsonObject> _newest = new(StringComparer.Ordinal);
    private int _out;

    internal void Begin() => _out++;

    internal void End()
    {
        if (--_out == 0)
            _newest.Clear();
    }

    internal void Saw(JsonObject request)
    {
        if (_out > 0)
            _newest[KeyOf(request)] = Newest(request);
    }

    /// <summary>The request as given, or as it was seen later.</summary>
    internal JsonObject Newest(JsonObject request) =>
        _newest.TryGetValue(KeyOf(request), out var seen) && request.IsOlderThan(seen) ? seen : request;

    private static string KeyOf(JsonObject request) => $"{request.Namespace()}/{request.Name()}";
}
