using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Resources;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>A write about to happen.</summary>
/// <param name="Operation"><c>CREATE</c>, <c>UPDATE</c> or <c>DELETE</c>.</param>
/// <param name="Subresource"><c>status</c> or "".</param>
/// <param name="Object">The new state, null for <c>DELETE</c>. A hook may change it in place (defaulting).</param>
/// <param name="OldObject">The present state, null for <c>CREATE</c>.</param>
public sealed record AdmissionRequest(
    string Operation, ResourceType Type, string Namespace, string Name, string Subresource, JsonObject? Object, JsonObject? OldObject, bool IsDryRun);

/// <summary>What a hook says to a write.</summary>
/// <param name="Refusal">Null lets the write pass; else the reason, as the user reads it.</param>
/// <param name="Errors">Field errors; when there are any the answer is 422 <c>Invalid</c> with these causes, else 403 <c>Forbidden</c>.</param>
/// <param name="Warnings">Shown by kubectl, whatever the decision.</param>
public sealed record AdmissionDecision(string? Refusal, IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings)
{
    public static readonly AdmissionDecision Pass = new(null, [], []);

    public static AdmissionDecision Refuse(string why) => new(why, [], []);

    public static AdmissionDecision Invalid(params IReadOnlyList<FieldError> errors) => new("invalid", errors, []);
}

/// <summary>The in-process counterpart of admission webhooks: asked in order of registration, after defaulting and schema validation.</summary>
public sealed class AdmissionHooks
{
    private volatile IReadOnlyList<(string Name, Func<AdmissionRequest, CancellationToken, ValueTask<AdmissionDecision>> Hook)> _hooks = [];

    /// <param name="name">Appears in refusals, as a webhook's name would: <c>vpromise.kratix.io</c>.</param>
    public void Add(string name, Func<AdmissionRequest, CancellationToken, ValueTask<AdmissionDecision>> hook) => _hooks = [.. _hooks, (name, hook)];

    internal async ValueTask Ask(AdmissionRequest request, ApiRequest asked)
    {
        foreach (var (name, hook) in _hooks)
        {
            var decision = await hook(request, asked.Aborted);
            foreach (var warning in decision.Warnings) asked.Warn(warning);
            if (decision.Refusal is null) continue;
            if (decision.Errors.Count > 0) throw ApiException.Invalid(request.Type, request.Name, decision.Errors);
            throw new ApiException(403, "Forbidden", $"admission webhook \"{name}\" denied the request: {decision.Refusal}");
        }
    }
}
