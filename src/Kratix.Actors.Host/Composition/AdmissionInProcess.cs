using Kratix.Actors.Engine;
using Kratix.Actors.Engine.Admission;
using Kratix.Actors.Standalone;
using Kratix.Actors.Standalone.Lifecycle;

namespace Kratix.Actors.Host.Composition;

/// <summary>The engine's rules, asked by the API server of the same process.</summary>
internal static class AdmissionInProcess
{
    internal static void Install(StandaloneApiServer api, AdmissionRules rules)
    {
        foreach (var (kind, name) in AdmissionWebhook.Names)
            api.Admission.Add(name, (request, cancellation) => Applies(request, kind) ? Ask(rules, request, cancellation) : new(AdmissionDecision.Pass));
    }

    private static bool Applies(AdmissionRequest request, string kind) =>
        request.Type.Group == Kinds.Group && request.Type.Kind == kind && request.Subresource.Length == 0;

    private static async ValueTask<AdmissionDecision> Ask(AdmissionRules rules, AdmissionRequest request, CancellationToken cancellation)
    {
        var question = new AdmissionQuestion(request.Operation, request.Type.Kind, request.Name, request.Object, request.OldObject);
        AdmissionRules.FillIn(question);
        var verdict = await rules.Review(question, cancellation);
        return new AdmissionDecision(verdict.Refusal, [], verdict.Warnings);
    }
}
