using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What the repository shows to whoever reads it.</summary>
public sealed class StateStoreTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R99", "Paths are those of nestedByMetadata, for dependencies, Promise workflow and requests.")]
    [Conformance("R102", "Pipelines, requests and Promises that share a Destination never overwrite each other.")]
    public async Task Equal_file_names_of_pipelines_requests_and_promises_lie_apart()
    {
        var corner = await shared.Corner("nested");
        JsonObject[] pipelines = [Manifests.Pipeline("one", "echo \"from: $KRATIX_OBJECT_NAME one\" > /kratix/output/same.yaml"), Manifests.Pipeline("two", "echo \"from: $KRATIX_OBJECT_NAME two\" > /kratix/output/same.yaml")];
        var promise = corner.Promise(pipelines, promiseConfigure: [Manifests.Pipeline("one", "echo 'from: promise' > /kratix/output/same.yaml")]);
        promise["spec"]!["dependencies"] = new JsonArray(JsonNode.Parse("""{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "dep" } }"""));
        await corner.Install(promise);
        var neighbour = Manifests.Promise("nested-too", Manifests.Api("nested-too.e2e.test"), null, corner.Label);
        neighbour["spec"]!["workflows"] = new JsonObject { ["resource"] = new JsonObject { ["configure"] = new JsonArray(Manifests.Pipeline("one", "echo 'from: neighbour' > /kratix/output/same.yaml")) } };
        await corner.Kubectl.Apply(neighbour);
        await corner.Kubectl.WaitFor("Available", "promise/nested-too");

        await corner.Request("a");
        await corner.Request("b");
        await corner.Kubectl.Apply("""{ "apiVersion": "nested-too.e2e.test/v1", "kind": "Thing", "metadata": { "name": "a", "namespace": "default" }, "spec": {} }""");
        await corner.Reconciled("a");
        await corner.Reconciled("b");
        await corner.Kubectl.Until("things.nested-too.e2e.test", "a", "is Reconciled", t => t.IsReconciled());
        await corner.Kubectl.Until("promise", "nested", "is Reconciled", p => p.Has("Reconciled"));

        Assert.Equal(
            [
                "nested/dependencies/nested/5058f/static/nested-dependencies.yaml",
                "nested/dependencies/nested/one/5058f/same.yaml",
                "nested/resources/default/nested-too/a/one/5058f/same.yaml",
                "nested/resources/default/nested/a/one/5058f/same.yaml",
                "nested/resources/default/nested/a/two/5058f/same.yaml",
                "nested/resources/default/nested/b/one/5058f/same.yaml",
                "nested/resources/default/nested/b/two/5058f/same.yaml",
            ],
            (await corner.Repository.Files()).Order(StringComparer.Ordinal));
        Assert.Equal("from: b two\n", await corner.Repository.Read("nested/resources/default/nested/b/two/5058f/same.yaml"));
        Assert.Equal("from: neighbour\n", await corner.Repository.Read("nested/resources/default/nested-too/a/one/5058f/same.yaml"));
    }

    [Fact]
    [Conformance("R105", "Author and e-mail of commits are those of the state store; the message names the placement; unchanged content makes no commit.")]
    [Conformance("R22", "Changing the Promise's spec runs its own workflow and every request's workflow again.")]
    [Conformance("K15", "A workflow runs on creation, on a change of its spec and on a change of its Promise's spec.")]
    [Conformance("K17", "The same input run again leaves the repository as it is, without a commit.")]
    public async Task A_changed_promise_runs_every_request_again_and_equal_output_makes_no_commit()
    {
        var corner = await shared.Corner("again");
        var store = Manifests.GitStateStore(corner.Name, corner.Repository.Url);
        store["spec"]!["gitAuthor"] = new JsonObject { ["name"] = "Platform Team", ["email"] = "platform@example.com" };
        await corner.Kubectl.Apply(store);
        JsonObject Promise(string script) => corner.Promise([Manifests.Pipeline("main", script)], promiseConfigure: [Manifests.Pipeline("setup", "echo 'a: 1' > /kratix/output/setup.yaml")]);
        await corner.Install(Promise("field spec value > /kratix/output/value.txt"));
        await corner.Request("a");
        await corner.Request("b");
        await corner.Reconciled("a");
        await corner.Reconciled("b");
        await corner.Kubectl.Until("promise", corner.Name, "is Reconciled", p => p.Has("Reconciled"));
        var before = await corner.Repository.Commits();
        Assert.All(before, c => Assert.Equal(("Platform Team", "platform@example.com"), (c.AuthorName, c.AuthorEmail)));
        var placement = (await corner.Kubectl.List("workplacements")).Single(w => w.Text("spec.promiseName") == corner.Name && w.Text("spec.resourceName") == "a").Text("metadata.name")!;
        Assert.Contains(before, c => c.Message.Contains($"Update {placement}", StringComparison.Ordinal));

        // Another script, the same bytes.
        await corner.Kubectl.Apply(Promise("cat /kratix/input/object.yaml > /dev/null; field spec value > /kratix/output/value.txt"));
        foreach (var name in new[] { "a", "b" })
        {
            await corner.Kubectl.UntilAny("pods", $"{name} runs again", p => p.Text("status.phase") == "Succeeded" && Script(p).Contains("/dev/null", StringComparison.Ordinal), "-l", $"kratix.io/promise-name={corner.Name},kratix.io/resource-name={name}");
            await corner.Reconciled(name);
            Assert.Equal(2, (await corner.Audit(name)).Count(e => e.Text("event") == "run-succeeded"));
        }

        var setups = await corner.Kubectl.List("pods", "-A", "-l", $"kratix.io/promise-name={corner.Name},kratix.io/workflow-type=promise");
        Assert.Equal(2, setups.Count);
        Assert.Equal(before.Select(c => c.Id), (await corner.Repository.Commits()).Select(c => c.Id));
    }

    [Fact]
    [Conformance("K24", "What waits is written in one commit and one push that name each placement and its request by trailers; files of others stay as they are.")]
    public async Task Commits_name_every_placement_and_leave_foreign_files_alone()
    {
        var corner = await shared.Corner("trailers");
        await corner.Install("field spec value > /kratix/output/value.txt");
        var clone = shared.FolderFor("trailers-clone");
        await Command.Run("git", ["clone", "--quiet", corner.Repository.Path, clone]);
        await File.WriteAllBytesAsync(Path.Combine(clone, "foreign.bin"), [0, 13, 10, 255]);
        await Command.Run("git", ["-C", clone, "checkout", "-q", "-B", "main"]);
        await Command.Run("git", ["-C", clone, "add", "."]);
        await Command.Run("git", ["-C", clone, "-c", "user.name=Somebody", "-c", "user.email=s@example.com", "commit", "-q", "-m", "by hand"]);
        await Command.Run("git", ["-C", clone, "push", "-q", "origin", "main"]);
        var foreign = await corner.Repository.Git("rev-parse", "main:foreign.bin");

        string[] names = [.. Enumerable.Range(1, 8).Select(i => $"r{i}")];
        await corner.Kubectl.Apply(Manifests.List([.. names.Select(name => corner.Thing(name))]));
        foreach (var name in names)
        {
            var commit = (await corner.Reconciled(name)).Text("status.kratix.placements.0.commit");
            var named = (await corner.Repository.Commits()).Single(c => c.Id == commit);
            Assert.Contains(named.Placements, line => line.Contains($"request={corner.Name}/default/{name} ", StringComparison.Ordinal));
        }

        Assert.Equal(foreign, await corner.Repository.Git("rev-parse", "main:foreign.bin"));
        Assert.All((await corner.Repository.Commits()).Where(c => c.Subject != "by hand"), c => Assert.NotEmpty(c.Placements));
        Assert.Equal(names.Length, (await corner.Repository.Commits()).Sum(c => c.Placements.Count()));
    }

    [Fact]
    [Conformance("R100", "In the mode none files lie flat below the Destination's path, beside a list of them in .kratix/NAMESPACE-PLACEMENT.yaml; what is no longer made goes, and a deleted request takes only its own files.")]
    public async Task Flat_files_are_listed_and_go_with_the_request_that_made_them()
    {
        var corner = await shared.Corner("flat", new JsonObject { ["filepath"] = new JsonObject { ["mode"] = "none" } });
        await corner.Install("mkdir /kratix/output/sub; for value in $(field spec value); do echo \"by: $KRATIX_OBJECT_NAME\" > /kratix/output/$value; done");
        await corner.Request("a", "a.yaml sub/a.yaml");
        await corner.Request("b", "b.yaml sub/b.yaml");
        await corner.Reconciled("a");
        await corner.Reconciled("b");
        var lists = (await corner.Kubectl.List("workplacements")).Where(w => w.Text("spec.promiseName") == corner.Name)
            .ToDictionary(w => w.Text("spec.resourceName")!, w => $"flat/.kratix/default-{w.Text("metadata.name")}.yaml");
        await Holds("flat/a.yaml", "flat/sub/a.yaml", lists["a"], "flat/b.yaml", "flat/sub/b.yaml", lists["b"]);
        Assert.Equal("files:\n- 'flat/a.yaml'\n- 'flat/sub/a.yaml'\n", await corner.Repository.Read(lists["a"]));
        Assert.Equal("by: b\n", await corner.Repository.Read("flat/sub/b.yaml"));

        await corner.Request("a", "sub/a.yaml");
        await corner.Reconciled("a");
        await Holds("flat/sub/a.yaml", lists["a"], "flat/b.yaml", "flat/sub/b.yaml", lists["b"]);

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        await Holds("flat/b.yaml", "flat/sub/b.yaml", lists["b"]);

        async Task Holds(params string[] files) => Assert.Equal(files.Order(StringComparer.Ordinal), (await corner.Repository.Files()).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Conformance("R101", "In the mode aggregatedYAML all requests of a Destination are in one file, named by spec.filepath.filename; a changed one changes there, a deleted one leaves it, the last one takes it along.")]
    public async Task All_requests_of_a_destination_share_one_file()
    {
        var corner = await shared.Corner("gathered", new JsonObject { ["filepath"] = new JsonObject { ["mode"] = "aggregatedYAML", ["filename"] = "all.yaml" } });
        await corner.Install("for value in $(field spec value); do echo \"of: $KRATIX_OBJECT_NAME $value\" > /kratix/output/$value.yaml; done");
        await corner.Request("a", "one two");
        await corner.Request("b", "one");
        await corner.Reconciled("a");
        await corner.Reconciled("b");
        await Holds("of: a one", "---", "of: a two", "---", "of: b one");

        await corner.Request("a", "three");
        await corner.Reconciled("a");
        await Holds("of: a three", "---", "of: b one");

        await corner.Kubectl.Run("delete", corner.Things, "a", "--timeout=120s");
        await Holds("of: b one");
        await corner.Kubectl.Run("delete", corner.Things, "b", "--timeout=120s");
        Assert.Empty(await corner.Repository.Files());

        async Task Holds(params string[] lines)
        {
            Assert.Equal(["gathered/all.yaml"], await corner.Repository.Files());
            Assert.Equal(lines, (await corner.Repository.Read("gathered/all.yaml")).Split('\n').Where(line => line.Length > 0 && line[0] != '#'));
        }
    }

    private static string Script(JsonObject pod) => string.Join('\n', pod.At("spec.initContainers")!.AsArray().Select(c => c!["args"]?.ToJsonString()));
}
