using System.Text.Json.Nodes;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

/// <summary>What Destinations ask of the files that go there.</summary>
public sealed class OutputValidationTests
{
    private const string Broken = "a: [1\n";
    private const string Free = "a: 1\n";

    [Theory, Conformance("K8", "A Destination's annotation kratix.io/output-validation overrides the setting output.validation, either way.")]
    [InlineData(OutputValidation.Yaml, "none", Broken, true)]
    [InlineData(OutputValidation.Yaml, null, Broken, false)]
    [InlineData(OutputValidation.Yaml, "kubernetes", Free, false)]
    [InlineData(OutputValidation.Kubernetes, "yaml", Free, true)]
    [InlineData(OutputValidation.None, null, Broken, true)]
    [InlineData(OutputValidation.None, "yaml", Broken, false)]
    public void Destination_asks_for_more_or_for_less(OutputValidation setting, string? annotation, string text, bool passes)
    {
        var bed = With(setting, Destination("worker", annotation));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", text));

        Assert.Equal(passes ? "Settled" : "Retrying", bed.Phase("a"));
        Assert.Equal(passes ? 1 : 0, bed.Git.Files.Count);
    }

    [Fact, Conformance("K8", "A violation fails the run, names file, line, reason and Destination, and writes nothing, also not where it would be allowed.")]
    public void Violation_names_file_line_and_Destination_and_nothing_is_written()
    {
        var bed = With(OutputValidation.None, Destination("strict", "yaml", ("kind", "strict")), Destination("worker", null));
        bed.Request("a");
        bed.Complete(
            bed.TakePlan(), ("output/fine.yaml", "a: 1\n"), ("output/side/broken.yaml", Broken),
            ("metadata/destination-selectors.yaml", "- matchLabels: {environment: dev}\n- directory: side\n  matchLabels: {kind: strict}\n"));

        var message = bed.Redis1("a")["status"]!["message"]!.ToString();
        Assert.Contains("/kratix/output/side/broken.yaml line 2", message, StringComparison.Ordinal);
        Assert.Contains("(Destination strict, by its annotation kratix.io/output-validation)", message, StringComparison.Ordinal);
        Assert.Empty(bed.Git.Files);
    }

    [Fact]
    public void Destination_that_matches_later_takes_nothing_that_it_does_not_allow()
    {
        var bed = With(OutputValidation.None, Destination("strict", "yaml", ("environment", "prod")));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", Broken));
        bed.Patch(Kinds.Destination, null, "strict", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["environment"] = "dev" } } });
        Assert.Empty(bed.Git.Files);

        bed.Create(Kinds.Destination, null, Destination("lenient", null));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        Assert.StartsWith("lenient/", Assert.Single(bed.Git.Files.Keys), StringComparison.Ordinal);
    }

    [Fact, Conformance("K8", "A Destination that appears after the run takes nothing that it does not allow, however strict it is, and the request says which file and why.")]
    public void Destination_that_appears_later_is_as_strict_as_one_that_was_there()
    {
        var bed = With(OutputValidation.Yaml);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", Free));
        bed.Create(Kinds.Destination, null, Destination("strict", "kubernetes"));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.Empty(bed.Git.Files);
        Assert.Equal(
            "No ready Destination has the labels environment=dev, or it does not take these files: /kratix/output/db.yaml holds a document without apiVersion, kind or metadata.name; output.validation is \"kubernetes\"",
            bed.Redis1("a")["status"]!["message"]!.ToString());

        bed.Patch(Kinds.Destination, null, "strict", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kratix.io/output-validation"] = "yaml" } } });
        Assert.StartsWith("strict/", Assert.Single(bed.Git.Files.Keys), StringComparison.Ordinal);
        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Theory, Conformance("K8", "What a Promise's workflow wrote goes to each match that appears later and allows it, by its annotation or else by the platform's setting.")]
    [InlineData("kubernetes", Free, false)]
    [InlineData("yaml", Free, true)]
    [InlineData(null, Free, true)]
    [InlineData(null, Broken, false)]
    [InlineData("none", Broken, true)]
    public void Match_that_appears_later_takes_what_it_allows(string? annotation, string text, bool takes)
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("prepare")) };
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Patch(Kinds.Destination, null, "worker", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kratix.io/output-validation"] = "none" } } });
        bed.Complete(bed.TakePlan(), ("output/tool.yaml", text));
        Assert.StartsWith("worker/", Assert.Single(bed.Git.Files.Keys), StringComparison.Ordinal);

        bed.Create(Kinds.Destination, null, Destination("later", annotation));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(takes, bed.Git.Files.Keys.Any(p => p.StartsWith("later/", StringComparison.Ordinal)));
    }

    [Fact, Conformance("K8", "A match that does not take what a Promise's workflow wrote is named by the Promise's message, conditions and Event, with the file and why, until it takes it or goes.")]
    public void Match_that_refuses_a_Promises_files_is_told_until_it_takes_them()
    {
        var promise = Samples.Promise();
        promise["spec"]!["workflows"]!["promise"] = new JsonObject { ["configure"] = new JsonArray(Samples.Pipeline("prepare")) };
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Complete(bed.TakePlan(), ("output/tool.yaml", Free));
        Assert.Equal("Promise configured", Status(bed)["message"]!.ToString());

        bed.Create(Kinds.Destination, null, Destination("later", "kubernetes"));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        const string told = "Destination later does not take the files of Pipeline prepare: /kratix/output/tool.yaml holds a document without apiVersion, kind or metadata.name; output.validation is \"kubernetes\"";
        Assert.Equal(told, Status(bed)["message"]!.ToString());
        Assert.Equal(("Unknown", "Unknown"), (Condition(bed, "WorksSucceeded"), Condition(bed, "Reconciled")));
        Assert.Equal("True", Condition(bed, "Available"));
        Assert.Equal(told, Assert.Single(bed.List(Kinds.Event), e => e["reason"]!.ToString() == "FilesRefused")["message"]!.ToString());

        bed.Patch(Kinds.Destination, null, "later", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kratix.io/output-validation"] = "yaml" } } });
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("Promise configured", Status(bed)["message"]!.ToString());
        Assert.Equal("True", Condition(bed, "Reconciled"));

        bed.Create(Kinds.Destination, null, Destination("another", "kubernetes"));
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("Unknown", Condition(bed, "Reconciled"));
        bed.Delete(Kinds.Destination, null, "another");
        bed.Kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("True", Condition(bed, "Reconciled"));
    }

    private static JsonNode Status(EngineBed bed) => bed.Get(Kinds.Promise, null, "redis")!["status"]!;

    private static string? Condition(EngineBed bed, string type) => EngineBed.Condition(bed.Get(Kinds.Promise, null, "redis")!, type);

    private static EngineBed With(OutputValidation setting, params JsonObject[] destinations)
    {
        var promise = Samples.Promise();
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "dev" } });
        var bed = EngineBed.WithPromise(promise: promise, settings: Samples.Settings with { Output = Samples.Limits with { Validation = setting } });
        bed.Delete(Kinds.Destination, null, "worker");
        foreach (var destination in destinations)
            bed.Create(Kinds.Destination, null, destination);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        return bed;
    }

    private static JsonObject Destination(string name, string? validation, params (string, string)[] labels)
    {
        var destination = Samples.Destination(name, labels.Length == 0 ? [("environment", "dev")] : labels);
        if (validation is not null)
            destination["metadata"]!["annotations"] = new JsonObject { ["kratix.io/output-validation"] = validation };
        return destination;
    }
}
