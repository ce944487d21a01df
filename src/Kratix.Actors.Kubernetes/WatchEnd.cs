using System.Net;
using Kratix.Actors.Ports;

namespace Kratix.Actors.Kubernetes;

/// <summary>How one connection of a watch came to its end; which one decides how it goes on.</summary>
internal abstract record WatchEnd
{
    private WatchEnd() { }

    public sealed record Closed : WatchEnd;

    /// <summary>410: the version to go on from is no longer known.</summary>
    public sealed record Expired : WatchEnd;

    public sealed record Silent(string Reason) : WatchEnd;

    /// <summary>The stream said something that is not an event.</summary>
    public sealed record Unreadable(string Reason) : WatchEnd;

    /// <summary><paramref name="PlaceLost"/>: the kind may have been removed meanwhile, or never have been there.</summary>
    public sealed record Failed(string Reason, TimeSpan? After, bool PlaceLost) : WatchEnd;

    public static WatchEnd Of(Outcome<Nothing> outcome, HttpStatusCode code) => outcome switch
    {
        _ when code == HttpStatusCode.Gone => new Expired(),
        Outcome<Nothing>.Transient t => new Failed(t.Reason, t.After, false),
        _ => new Failed(outcome.Failure!, null, true),
    };
}
