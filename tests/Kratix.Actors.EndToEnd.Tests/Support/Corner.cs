using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>
/// What one test has to itself on a platform: a Promise named after it with the API <c>things.NAME.e2e.test</c>, a repository, a state store, and a
/// Destination NAME at path <c>NAME</c> that only its own Promise selects (by the label <c>corner: NAME</c>).
/// </summary>
internal sealed class Corner
{
    private Corner(PlatformProcess platform, GitRepository repository, string name) => (Platform, Repository, Name) = (platform, repository, name);

    internal PlatformProcess Platform { get; }

    internal GitRepository Repository { get; }

    internal string Name { get; }

    internal Kubectl Kubectl => Platform.Kubectl;

    internal string Things => $"things.{Group}";

    internal string Group => $"{Name}.e2e.test";

    internal JsonObject Label => new() { ["corner"] = Name };

    /// <param name="destination">What its Destination's spec has besides path and store.</param>
    internal static async Task<Corner> Make(PlatformProcess platform, string repository, string name, JsonObject? destination = null)
    {
        var corner = new Corner(platform, await GitRepository.Make(repository), name);
        var place = Manifests.Destination(name, name, name, corner.Label);
        foreach (var (field, value) in destination ?? [])
            place["spec"]![field] = value?.DeepClone();
        await corner.Kubectl.Apply(Manifests.List(Manifests.GitStateStore(name, corner.Repository.Url), place));
        return corner;
    }

    /// <summary>The same corner on a platform that was started again.</summary>
    internal Corner On(PlatformProcess platform) => new(platform, Repository, Name);

    internal JsonObject Promise(JsonObject[]? configure = null, JsonObject[]? delete = null, JsonObject[]? promiseConfigure = null)
    {
        var workflows = new JsonObject();
        if (configure is not null || delete is not null)
            workflows["resource"] = Workflow(configure, delete);
        if (promiseConfigure is not null)
            workflows["promise"] = Workflow(promiseConfigure, null);
        return Manifests.Promise(Name, Manifests.Api(Group), workflows, Label);
    }

    /// <summary>Applies a Promise and waits until requests can be made.</summary>
    internal async Task Install(JsonObject promise)
    {
        await Kubectl.Apply(promise);
        await Kubectl.WaitFor("Available", $"promise/{Name}");
        await Kubectl.WaitFor("Established", $"crd/{Things}");
    }

    /// <summary>A Promise of one configure Pipeline <c>main</c> with these scripts, installed.</summary>
    internal Task Install(params string[] scripts) => Install(Promise([Manifests.Pipeline("main", scripts)]));

    internal JsonObject Thing(string name, JsonObject? spec = null) => new()
    {
        ["apiVersion"] = $"{Group}/v1",
        ["kind"] = "Thing",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = spec ?? new JsonObject { ["value"] = "one" },
    };

    internal Task Request(string name, string value = "one") => Kubectl.Apply(Thing(name, new JsonObject { ["value"] = value }));

    internal Task<JsonObject> Get(string name) => Kubectl.Get(Things, name);

    internal Task<JsonObject> Until(string name, string wanted, Func<JsonObject, bool> until) => Kubectl.Until(Things, name, wanted, until);

    internal Task<JsonObject> Reconciled(string name) => Until(name, "is Reconciled", thing => thing.IsReconciled());

    /// <summary>Where a Pipeline's files of a request lie in the repository.</summary>
    internal string FilesOf(string request, string pipeline = "main", string? destination = null) =>
        $"{destination ?? Name}/resources/default/{Name}/{request}/{pipeline}/5058f";

    /// <summary>Configure runs of a request that the journal knows as ended, in order, by <c>audit</c>.</summary>
    internal async Task<IReadOnlyList<JsonObject>> Audit(string request)
    {
        var said = await Platform.Cli("audit", $"{Name}/default/{request}", "-o", "json");
        return said.ExitCode == 0 ? [.. JsonNode.Parse(said.Output)!.AsArray().Select(e => e!.AsObject())] : throw new InvalidOperationException(said.All);
    }

    private static JsonObject Workflow(JsonObject[]? configure, JsonObject[]? delete)
    {
        var workflow = new JsonObject();
        if (configure is not null)
            workflow["configure"] = new JsonArray([.. configure]);
        if (delete is not null)
            workflow["delete"] = new JsonArray([.. delete]);
        return workflow;
    }
}
