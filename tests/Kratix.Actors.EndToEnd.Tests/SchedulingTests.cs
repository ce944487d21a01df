using System.Text.Json.Nodes;
using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Which Destination gets what.</summary>
public sealed class SchedulingTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Fact]
    [Conformance("R86", "Of several matching Destinations a request's output goes to exactly one.")]
    [Conformance("R87", "A request whose spec changes stays where it is, also when another Destination matches by then.")]
    [Conformance("K21", "A request's output goes to one matching Destination and stays there; dependencies and the Promise workflow's output go to every match, also to those that come later.")]
    [Conformance("R88", "Dependencies and the output of the Promise workflow go to all matching Destinations, including ones registered later.")]
    public async Task A_request_goes_to_one_destination_and_a_promise_to_all()
    {
        var corner = await shared.Corner("spread");
        await AddDestination(corner, "spread-two", corner.Label);
        var promise = corner.Promise([Manifests.Pipeline("main", "field spec value > /kratix/output/value.txt")], promiseConfigure: [Manifests.Pipeline("setup", "echo 'operator: 1' > /kratix/output/operator.yaml")]);
        promise["spec"]!["dependencies"] = new JsonArray(JsonNode.Parse("""{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "spread" } }"""));
        await corner.Install(promise);
        foreach (var name in new[] { "a", "b", "c", "d" })
            await corner.Request(name);
        var places = new Dictionary<string, string>();
        foreach (var name in new[] { "a", "b", "c", "d" })
            places[name] = (await corner.Reconciled(name)).Text("status.kratix.destination")!;
        var files = await corner.Repository.Files();
        Assert.All(places, at => Assert.Equal([corner.FilesOf(at.Key, destination: at.Value) + "/value.txt"], files.Where(f => f.Contains($"/{at.Key}/", StringComparison.Ordinal))));

        await AddDestination(corner, "spread-three", corner.Label);
        await corner.Kubectl.UntilAny("workplacements", "dependencies reach the new Destination", w => Written(w, "spread-three") && w.Text("metadata.name")!.Contains("static", StringComparison.Ordinal), "-A");
        await corner.Kubectl.UntilAny("workplacements", "the workflow's output reaches the new Destination", w => Written(w, "spread-three") && w.Text("metadata.name")!.Contains("setup", StringComparison.Ordinal), "-A");
        files = await corner.Repository.Files();
        foreach (var destination in new[] { "spread", "spread-two", "spread-three" })
        {
            Assert.Contains($"{destination}/dependencies/spread/5058f/static/spread-dependencies.yaml", files);
            Assert.Contains($"{destination}/dependencies/spread/setup/5058f/operator.yaml", files);
        }

        await corner.Request("a", "changed");
        Assert.Equal(places["a"], (await corner.Reconciled("a")).Text("status.kratix.destination"));
        Assert.Equal("changed\n", await corner.Repository.Read($"{corner.FilesOf("a", destination: places["a"])}/value.txt"));
    }

    [Fact]
    [Conformance("R89", "destination-selectors.yaml adds selectors at run time.")]
    [Conformance("K20", "Promise first: a workflow adds a key and overrides none.")]
    [Conformance("R90", "On the same key the Promise's selector wins over that of a workflow; other keys are added.")]
    public async Task The_promise_s_selector_wins_over_the_workflow_s()
    {
        var corner = await shared.Corner("prevails");
        await AddDestination(corner, "prevails-dev", new JsonObject { ["kin"] = "prevails", ["environment"] = "dev", ["zone"] = "eu" });
        await AddDestination(corner, "prevails-us", new JsonObject { ["kin"] = "prevails", ["environment"] = "dev", ["zone"] = "us" });
        await AddDestination(corner, "prevails-prod", new JsonObject { ["kin"] = "prevails", ["environment"] = "prod", ["zone"] = "eu" });
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml; echo '[{ matchLabels: { environment: prod, zone: eu } }]' > /kratix/metadata/destination-selectors.yaml")]);
        promise["spec"]!["destinationSelectors"] = new JsonArray(JsonNode.Parse("""{ "matchLabels": { "kin": "prevails", "environment": "dev" } }"""));
        await corner.Install(promise);
        await corner.Request("a");
        Assert.Equal("prevails-dev", (await corner.Reconciled("a")).Text("status.kratix.destination"));
        Assert.Equal([corner.FilesOf("a", destination: "prevails-dev") + "/a.yaml"], await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R93", "Without a matching Destination the Work is Pending with reason UnscheduledWorkloads; when one appears, the Work is scheduled.")]
    public async Task Without_a_match_the_work_waits_and_goes_out_when_one_appears()
    {
        var corner = await shared.Corner("waiting");
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        promise["spec"]!["destinationSelectors"] = new JsonArray(JsonNode.Parse("""{ "matchLabels": { "kin": "waiting" } }"""));
        await corner.Install(promise);
        await corner.Request("a");
        var work = await corner.Kubectl.UntilAny("works", "is unscheduled", w => w.Text("spec.promiseName") == corner.Name && w.Has("ScheduleSucceeded", "False"));
        Assert.Equal("UnscheduledWorkloads", work.Condition("ScheduleSucceeded")!.Reason);
        Assert.Contains("No matching destination found", work.Condition("ScheduleSucceeded")!.Message, StringComparison.Ordinal);
        Assert.Equal("Pending", work.Condition("Ready")!.Message);
        var thing = await corner.Until("a", "waits for its Work", t => t.Condition("WorksSucceeded")?.Reason == "WorksPending");
        Assert.Equal(("Unknown", "WorksPending"), (thing.Condition("Reconciled")!.Status, thing.Condition("Reconciled")!.Reason));
        await corner.Kubectl.UntilAny("events", "the lack of a Destination is an event", e => e.Text("reason") == "NoMatchingDestination", "--field-selector", "involvedObject.name=a,involvedObject.kind=Thing");

        await AddDestination(corner, "waiting-two", new JsonObject { ["kin"] = "waiting" });
        await corner.Reconciled("a");
        Assert.Equal([corner.FilesOf("a", destination: "waiting-two") + "/a.yaml"], await corner.Repository.Files());
        Assert.Single(await corner.Audit("a"), e => e.Text("event") == "run-succeeded");
    }

    [Fact]
    [Conformance("R91", "A directory with selectors of its own is a group of its own that ignores the Promise's selectors, also where both have the same key.")]
    [Conformance("R97", "A directory that the output no longer has takes its files with it, wherever they went.")]
    public async Task A_directory_scheduled_apart_goes_elsewhere_and_leaves_with_its_output()
    {
        var corner = await shared.Corner("apart");
        await AddDestination(corner, "apart-two", new JsonObject { ["corner"] = "apart-two" });
        await corner.Install(
            """
            echo 'a: 1' > /kratix/output/root.yaml
            [ "$(field spec value)" = both ] || exit 0
            mkdir /kratix/output/side
            echo 'b: 1' > /kratix/output/side/b.yaml
            echo '[{ directory: side, matchLabels: { corner: apart-two } }]' > /kratix/metadata/destination-selectors.yaml
            """);
        await corner.Request("a", "both");
        await corner.Reconciled("a");
        var files = await corner.Repository.Files();
        Assert.Equal(2, files.Count);
        Assert.Contains($"{corner.FilesOf("a")}/root.yaml", files);
        Assert.Matches("^apart-two/resources/default/apart/a/main/[0-9a-f]{5}/side/b[.]yaml$", files.Single(f => f.Contains("side", StringComparison.Ordinal)));
        var groups = (await corner.Kubectl.List("works")).Single(w => w.Text("spec.promiseName") == corner.Name)["spec"]!["workloadGroups"]!.AsArray();
        Assert.Equal(
            [""". [{"corner":"apart"}]""", """side [{"corner":"apart-two"}]"""],
            groups.Select(g => $"{g.Text("directory")} [{string.Join(", ", g!["destinationSelectors"]!.AsArray().Select(s => s!["matchLabels"]!.ToJsonString()))}]"));

        await corner.Request("a", "one");
        await corner.Reconciled("a");
        Assert.Equal([$"{corner.FilesOf("a")}/root.yaml"], await corner.Repository.Files());
    }

    [Fact]
    [Conformance("R94", "A strict Destination with labels takes nothing that selects nothing; one without labels does, and so does the first when it is selected.")]
    public async Task A_strict_destination_wants_to_be_selected()
    {
        // What selects nothing would go to the other tests' Destinations as well.
        await using var folder = new TempFolder();
        await using var platform = await PlatformProcess.Start(folder.Data);
        var corner = await Corner.Make(platform, folder.In("choosy.git"), "choosy", new JsonObject { ["strictMatchLabels"] = true });
        var promise = corner.Promise([Manifests.Pipeline("main", "echo 'a: 1' > /kratix/output/a.yaml")]);
        var selectors = promise["spec"]!["destinationSelectors"]!.DeepClone();
        promise["spec"]!.AsObject().Remove("destinationSelectors");
        await corner.Install(promise);
        await corner.Request("a");
        await corner.Until("a", "waits for its Work", t => t.Condition("WorksSucceeded")?.Reason == "WorksPending");
        Assert.Empty(await corner.Repository.Files());

        var bare = Manifests.Destination("bare", "bare", corner.Name, []);
        bare["spec"]!["strictMatchLabels"] = true;
        await corner.Kubectl.Apply(bare);
        Assert.Equal("bare", (await corner.Reconciled("a")).Text("status.kratix.destination"));
        Assert.Equal([corner.FilesOf("a", destination: "bare") + "/a.yaml"], await corner.Repository.Files());

        promise["spec"]!["destinationSelectors"] = selectors;
        await corner.Kubectl.Apply(promise);
        await corner.Kubectl.UntilAny("workplacements", "is misplaced by the new selectors", w => w.Condition("Ready")?.Message == "Misplaced");
        await corner.Request("b");
        Assert.Equal("choosy", (await corner.Reconciled("b")).Text("status.kratix.destination"));
    }

    private static bool Written(JsonObject placement, string destination) => placement.Text("spec.targetDestinationName") == destination && placement.Has("WriteSucceeded");

    private static Task AddDestination(Corner corner, string name, JsonObject labels) => corner.Kubectl.Apply(Manifests.Destination(name, name, corner.Name, (JsonObject)labels.DeepClone()));
}
