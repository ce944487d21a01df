using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>The specs that authors of Promises choose from, by digest.</summary>
internal static class PromiseSpecs
{
    private static readonly FileEntry Dependencies = Given.File("static/redis-dependencies.yaml");

    internal static readonly Dictionary<string, PromiseDefinition> Valid = new(StringComparer.Ordinal)
    {
        ["good-0"] = Define("good-0", "crd-one", Given.Plan("a", "x"), Dependencies, Given.Selector("env:dev")),
        ["good-1"] = Define("good-1", "crd-one", Given.Plan("a,b"), null, Given.Selector("env:dev")),
        ["good-2"] = Define("good-2", "crd-two", Given.Plan("", "x,y"), Dependencies),
        ["good-3"] = Define("good-3", null, Given.Plan("b"), Dependencies),
        ["flaky-1"] = Define("flaky-1", "crd-one", Given.Plan("a,b", "x"), Dependencies),
        ["needy-1"] = Define("needy-1", "crd-one", Given.Plan("a", "x"), Dependencies) with { Required = [new RequiredPromise("base", "v1.0.0")] },
        ["bad-1"] = Define("bad-1", "crd-one", Given.Plan("a", "x"), null),
        ["later-1"] = Define("later-1", "crd-one", Given.Plan("a,b", "x"), Dependencies),
        ["held-1"] = Define("held-1", "crd-one", Given.Plan("a", "x"), Dependencies),
        ["refused-1"] = Define("refused-1", "crd-refused", Given.Plan("a"), Dependencies),
    };

    internal static readonly string[] All = [.. Valid.Keys, "invalid-1"];

    private static PromiseDefinition Define(string spec, string? crd, WorkflowPlan plan, FileEntry? dependencies, params Selector[] selectors) =>
        new(Given.Revision(Given.Plan("instance"), spec, selectors), crd is null ? null : Given.Api(crd), plan, dependencies);
}
