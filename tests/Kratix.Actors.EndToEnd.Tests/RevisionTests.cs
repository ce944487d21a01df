using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>The versions of a Promise, seen with kubectl.</summary>
public sealed class RevisionTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R14", "A required version is there as long as there is a revision of it, also when a later one is installed.")]
    [Conformance("R115", "A new version label makes a PromiseRevision, the latest; earlier ones stay.")]
    [Conformance("R15", "The required Promise's status lists who requires it.")]
    public async Task Versions_are_kept_and_satisfy_whoever_requires_them()
    {
        var needy = Manifests.Promise("versions-needy", null, null, null);
        needy["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = "versions-base", ["version"] = "v1.0.0" });
        var warned = await shared.Kubectl.Try(needy.ToJsonString(), "apply", "-f", "-");
        Assert.Contains("Warning: Required Promise \"versions-base\" at version \"v1.0.0\" not installed", warned.Error, StringComparison.Ordinal);
        Assert.Contains("Warning: Promise will not be available until the above issue(s) is resolved", warned.Error, StringComparison.Ordinal);
        var waiting = await shared.Kubectl.Until("promise", "versions-needy", "waits", p => p.Has("RequirementsFulfilled", "False"));
        Assert.Equal("Requirement not installed", waiting.Text("status.requiredPromises.0.state"));

        await shared.Kubectl.Apply(Base("v1.0.0"));
        await shared.Kubectl.WaitFor("Available", "promise/versions-needy");
        await shared.Kubectl.Apply(Base("v2.0.0"));
        await shared.Kubectl.UntilAny("promiserevisions", "v2.0.0 is the latest", r => r.Text("spec.version") == "v2.0.0" && r.Text("spec.promiseRef.name") == "versions-base" && (bool?)r.At("status.latest") == true);
        await shared.Kubectl.UntilAny("promiserevisions", "v1.0.0 is not the latest", r => r.Text("spec.version") == "v1.0.0" && r.Text("spec.promiseRef.name") == "versions-base" && (bool?)r.At("status.latest") == false);
        var table = await shared.Kubectl.Run("get", "promiserevisions", "-l", "kratix.io/promise-name=versions-base");
        Assert.Matches(@"(?m)^NAME +PROMISE +VERSION +LATEST", table);
        Assert.Matches(@"(?m)^versions-base-[0-9a-f]{5} +versions-base +v1\.0\.0 +false$", table);
        Assert.Matches(@"(?m)^versions-base-[0-9a-f]{5} +versions-base +v2\.0\.0 +true$", table);
        var required = await shared.Kubectl.Until("promise", "versions-base", "is required", p => p.Text("status.requiredBy.0.promise.name") == "versions-needy");
        Assert.Equal("v1.0.0", required.Text("status.requiredBy.0.requiredVersion"));
        Assert.True((await shared.Kubectl.Get("promise", "versions-needy")).Has("Available"));

        var latest = await shared.Kubectl.Try(null, "delete", "promiserevision", "-l", "kratix.io/promise-name=versions-base,kratix.io/latest-revision=true");
        Assert.NotEqual(0, latest.ExitCode);
        Assert.Contains("can not delete the latest PromiseRevision", latest.Error, StringComparison.Ordinal);
        await shared.Kubectl.Run("delete", "promiserevision", "-l", "kratix.io/promise-name=versions-base,kratix.io/latest-revision!=true");
        var missing = await shared.Kubectl.Until("promise", "versions-needy", "waits again", p => p.Has("Available", "False"));
        Assert.Equal("Requirement not installed at the specified version", missing.Text("status.requiredPromises.0.state"));

        await shared.Kubectl.Run("delete", "promise", "versions-base", "versions-needy");
        Assert.Empty(await shared.Kubectl.List("promiserevisions", "-l", "kratix.io/promise-name in (versions-base,versions-needy)"));
    }

    [Fact]
    [Conformance("R13", "Without what it requires a Promise is Unavailable and its requests are held; both end when that is installed.")]
    public async Task Requests_are_held_until_their_promise_has_what_it_requires()
    {
        var corner = await shared.Corner("requiring");
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        promise["spec"]!["requiredPromises"] = new JsonArray(new JsonObject { ["name"] = "requiring-base", ["version"] = "v1.0.0" });
        await corner.Kubectl.Apply(promise);
        await corner.Kubectl.Until("promise", corner.Name, "waits", p => p.Has("RequirementsFulfilled", "False") && p.Text("status.status") == "Unavailable");
        await corner.Kubectl.UntilAny("crds", "requests can be made", c => c.Text("metadata.name") == corner.Things && c.Has("Established"));
        await corner.Request("a");
        await corner.Until("a", "is held", t => t.Has("PromiseAvailable", "False"));
        Assert.Empty(await corner.Kubectl.List("pods", "-A", "-l", $"kratix.io/promise-name={corner.Name}"));

        await corner.Kubectl.Apply(Base("v1.0.0", "requiring-base"));
        await corner.Reconciled("a");
        await corner.Kubectl.WaitFor("Available", $"promise/{corner.Name}");
        Assert.Equal([corner.FilesOf("a") + "/a.yaml"], await corner.Repository.Files());
    }

    private static JsonObject Base(string version, string name = "versions-base")
    {
        var promise = Manifests.Promise(name, null, null, null);
        promise["metadata"]!["labels"] = new JsonObject { ["kratix.io/promise-version"] = version };
        return promise;
    }
}
