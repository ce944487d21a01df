using System.Diagnostics;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;

namespace Kratix.Actors.Engine.Telemetry;

/// <summary>
/// One trace for each generation of an object, from its observation to the commit. Its id follows from the object, so it is the same after a restart and on
/// every node, and nothing has to be remembered for it; where the object carries <see cref="ParentAnnotation"/> its trace is that one.
/// Spans are told when they are over, with the times that the journal has.
/// </summary>
public static class EngineTraces
{
    public const string Name = "Kratix.Actors.Engine";

    /// <summary>W3C <c>traceparent</c>, by the reference's name: on objects, and on the Pods of their runs.</summary>
    public const string ParentAnnotation = "kratix.io/trace-parent";

    private static readonly ActivitySource Source = new(Name);

    internal static bool AreWanted => Source.HasListeners();

    /// <param name="annotated">What <see cref="ParentAnnotation"/> says, if anything.</param>
    internal static ActivityContext ContextOf(string uid, long generation, string? annotated)
    {
        if (annotated is not null && ActivityContext.TryParse(annotated, null, isRemote: true, out var given))
            return given;
        var digest = Digest.Of("trace", uid, generation.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return new ActivityContext(
            ActivityTraceId.CreateFromString(digest.AsSpan(0, 32)), ActivitySpanId.CreateFromString(digest.AsSpan(32, 16)), ActivityTraceFlags.Recorded, isRemote: true);
    }

    /// <summary>What the Pods of an object's runs carry as <see cref="ParentAnnotation"/>; null where nobody traces.</summary>
    internal static string? ParentOf(JsonObject? item, long generation)
    {
        if (item is null || !AreWanted)
            return null;
        var context = ContextOf(item.Uid(), generation, item.Annotation(ParentAnnotation));
        return $"00-{context.TraceId}-{context.SpanId}-01";
    }

    /// <summary>Tells a span that is over; answers its context, for spans within it.</summary>
    internal static ActivityContext Tell(
        string name, ActivityContext parent, DateTimeOffset from, DateTimeOffset to, string? failure, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        using var span = Source.StartActivity(name, ActivityKind.Internal, parent, startTime: from);
        if (span is null)
            return parent;
        foreach (var (key, value) in tags)
            span.SetTag(key, value);
        span.SetStatus(failure is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, failure);
        span.SetEndTime((to > from ? to : from).UtcDateTime);
        return span.Context;
    }
}
