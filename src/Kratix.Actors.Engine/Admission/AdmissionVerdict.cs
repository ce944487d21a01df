using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Engine.Admission;

/// <summary>A write that somebody is about to make.</summary>
/// <param name="Operation"><c>CREATE</c>, <c>UPDATE</c> or <c>DELETE</c>.</param>
/// <param name="Kind">Of the group platform.kratix.io.</param>
/// <param name="Object">The new state; null for <c>DELETE</c>.</param>
/// <param name="Before">The present state; null for <c>CREATE</c>.</param>
public sealed record AdmissionQuestion(string Operation, string Kind, string Name, JsonObject? Object, JsonObject? Before);

/// <param name="Refusal">Null lets the write pass; else why not, for whoever writes.</param>
/// <param name="Warnings">Shown to them whatever the decision.</param>
public sealed record AdmissionVerdict(string? Refusal, ImmutableArray<string> Warnings)
{
    public static readonly AdmissionVerdict Pass = new(null, []);

    internal static AdmissionVerdict Refuse(string why) => new(why, []);
}
