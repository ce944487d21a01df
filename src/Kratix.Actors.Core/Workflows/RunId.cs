namespace Kratix.Actors.Core.Workflows;

/// <summary>
/// Names one attempt of one Pipeline in one run of a workflow: 32 hex characters, the same whenever and wherever it is derived.
/// So creating what it names is create-or-adopt, and an answer that carries another one is stale.
/// </summary>
public static class RunId
{
    public static string Of(string entity, string uid, long run, WorkflowAction action, string pipeline, int attempt) =>
        Digest.Of("run", entity, uid, run.ToString(System.Globalization.CultureInfo.InvariantCulture), action.ToString(), pipeline,
            attempt.ToString(System.Globalization.CultureInfo.InvariantCulture))[..32];
}
