using System.Collections.Immutable;

namespace Kratix.Actors.Core.Promises;

/// <summary>What holds a Promise until each step of its deletion is done, in the reference's spelling and in the order in which the steps are taken.</summary>
public static class PromiseFinalizers
{
    private const string DeleteWorkflows = "kratix.io/delete-workflows";
    private const string Runs = "kratix.io/workflows-cleanup";
    private const string Requests = "kratix.io/resource-request-cleanup";
    private const string Revisions = "kratix.io/revision-cleanup";
    private const string Rights = "kratix.io/dynamic-controller-dependant-resources-cleanup";
    private const string Files = "kratix.io/dependencies-cleanup";
    private const string Api = "kratix.io/api-crd-cleanup";

    public static readonly ImmutableArray<string> All = [DeleteWorkflows, Runs, Requests, Revisions, Rights, Files, Api];

    /// <summary>Those that a Promise like this carries until it is deleted.</summary>
    public static ImmutableArray<string> Of(bool hasApi, bool hasDeletePipelines) =>
        [.. All.Where(f => f switch { DeleteWorkflows => hasDeletePipelines, Requests or Rights or Api => hasApi, _ => true })];

    /// <summary>The next one to come off after its delete workflow; null before that, and when all are to go.</summary>
    public static string? NextOff(PromisePhase phase) => phase switch
    {
        PromisePhase.CleaningUp { Step: CleanupStep.Runs } => Runs,
        PromisePhase.RemovingRequests => Requests,
        PromisePhase.CleaningUp { Step: CleanupStep.Revisions } => Revisions,
        PromisePhase.CleaningUp => Rights,
        PromisePhase.Removing => Files,
        PromisePhase.RemovingApi => Api,
        _ => null,
    };

    /// <summary>Those whose steps are done when this one's is under way.</summary>
    public static ImmutableArray<string> Before(string next) => All[..All.IndexOf(next)];
}
