using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What others do to a state store, and what requests do to each other in one.</summary>
public sealed class StoreTroubleTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R107", "A branch that somebody pushed with force is written on as it now stands; each file comes back with its next write.")]
    public async Task A_branch_that_was_force_pushed_gets_its_files_back()
    {
        var corner = await shared.Corner("forced");
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Request("b");
        await corner.Reconciled("a");
        var before = (await corner.Reconciled("b")).Text("status.kratix.placements.0.commit");

        var elsewhere = shared.FolderFor("forced-elsewhere");
        await Command.Run("git", ["init", "--quiet", "--initial-branch=main", elsewhere]);
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "README"), "history of another kind\n");
        await Command.Run("git", ["-C", elsewhere, "add", "."]);
        await Command.Run("git", ["-C", elsewhere, "-c", "user.name=Somebody", "-c", "user.email=s@example.com", "commit", "-q", "-m", "begin again"]);
        await Command.Run("git", ["-C", elsewhere, "push", "-q", "--force", corner.Repository.Path, "main"]);
        Assert.Equal(["README"], await corner.Repository.Files());

        await corner.Request("a", "two");
        await corner.Reconciled("a");
        Assert.Equal(["README", $"{corner.FilesOf("a")}/value.txt"], await corner.Repository.Files());

        // Nothing about b has changed, so only another run of it looks.
        await corner.Kubectl.Run("label", corner.Things, "b", "kratix.io/manual-reconciliation=true");
        await corner.Until("b", "is Reconciled by another commit", t => t.IsReconciled() && t.Text("status.kratix.placements.0.commit") != before);

        Assert.Equal(["README", $"{corner.FilesOf("a")}/value.txt", $"{corner.FilesOf("b")}/value.txt"], await corner.Repository.Files());
        Assert.Equal("begin again", (await corner.Repository.Commits())[^1].Subject);
    }

    [Fact]
    [Conformance("K26", "Two placements that claim one path are an error that names both.")]
    public async Task Two_requests_that_claim_one_path_are_both_named_and_the_second_is_written_under_another()
    {
        var corner = await shared.Corner("claims");
        var flat = Manifests.Destination("claims-flat", "claims-flat", corner.Name, new JsonObject { ["kin"] = "claims-flat" });
        flat["spec"]!["filepath"] = new JsonObject { ["mode"] = "none" };
        await corner.Kubectl.Apply(flat);
        var promise = corner.Promise([Manifests.Pipeline("main", "echo \"of: $KRATIX_OBJECT_NAME\" > /kratix/output/$(field spec value).yaml")]);
        promise["spec"]!["destinationSelectors"] = new JsonArray(JsonNode.Parse("""{ "matchLabels": { "kin": "claims-flat" } }"""));
        await corner.Install(promise);
        await corner.Request("a", "same");
        await corner.Reconciled("a");

        await corner.Request("b", "same");
        var refused = await corner.Until("b", "shows that writing fails", t => t.Has("Reconciled", "False"));
        var placements = (await corner.Kubectl.List("workplacements")).Where(w => w.Text("spec.promiseName") == corner.Name).ToDictionary(w => w.Text("spec.resourceName")!, w => w.Text("metadata.name")!);
        Assert.Equal(["a", "b"], placements.Keys.Order());
        Assert.All(placements.Values.Append("claims-flat/same.yaml"), word => Assert.Contains(word, refused.Text("status.message"), StringComparison.Ordinal));
        Assert.Equal("of: a\n", await corner.Repository.Read("claims-flat/same.yaml"));
        Assert.True((await corner.Get("a")).IsReconciled());

        await corner.Request("b", "other");
        await corner.Reconciled("b");
        Assert.Equal("of: a\n", await corner.Repository.Read("claims-flat/same.yaml"));
        Assert.Equal("of: b\n", await corner.Repository.Read("claims-flat/other.yaml"));
        await corner.Kubectl.Run("delete", corner.Things, "b", "--timeout=120s");
        Assert.DoesNotContain("claims-flat/other.yaml", await corner.Repository.Files());
        Assert.Contains("claims-flat/same.yaml", await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R112", "A state store whose Secret is gone is not Ready, with reason SecretNotFound, and is ready again when the Secret is back.")]
    public async Task A_secret_that_disappears_is_named_by_store_and_request_and_repaired_by_a_new_one()
    {
        var corner = await shared.Corner("secret-gone");
        await using var server = await GitHttpServer.Start(Path.GetDirectoryName(corner.Repository.Path)!, "robot", "right-password");
        await corner.Repository.Git("config", "http.receivepack", "true");
        var store = Manifests.GitStateStore(corner.Name, $"{server.Url}/secret-gone.git");
        store["spec"]!["authMethod"] = "basicAuth";
        store["spec"]!["secretRef"] = new JsonObject { ["name"] = "secret-gone", ["namespace"] = "default" };
        await MakeSecret();
        await corner.Kubectl.Apply(store);
        await corner.Install("field spec value > /kratix/output/value.txt");
        await corner.Request("a");
        await corner.Reconciled("a");

        await corner.Kubectl.Run("delete", "secret", "secret-gone");
        var gone = await corner.Kubectl.Until("gitstatestore", corner.Name, "is not Ready", s => s.Has("Ready", "False"));
        Assert.Equal(("SecretNotFound", "Secret secret-gone not found in namespace default"), (gone.Condition("Ready")!.Reason, gone.Condition("Ready")!.Message));
        await corner.Kubectl.Until("destination", corner.Name, "is not Ready", d => d.Has("Ready", "False"));
        await corner.Request("a", "two");
        var waiting = await corner.Until("a", "shows that writing fails", t => t.Has("Reconciled", "False"));
        Assert.Contains("Secret secret-gone not found in namespace default", waiting.Text("status.message"), StringComparison.Ordinal);
        Assert.Equal("one\n", await corner.Repository.Read($"{corner.FilesOf("a")}/value.txt"));

        await MakeSecret();
        await corner.Reconciled("a");
        Assert.Equal("two\n", await corner.Repository.Read($"{corner.FilesOf("a")}/value.txt"));
        await corner.Kubectl.WaitFor("Ready", $"gitstatestore/{corner.Name}");

        Task MakeSecret() => corner.Kubectl.Run("create", "secret", "generic", "secret-gone", "--from-literal=username=robot", "--from-literal=password=right-password");
    }
}
