using System.Text.Json.Nodes;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

public sealed class StateStoresActorTests
{
    [Fact, Conformance("R106", "A rotated Secret is picked up without a restart, also when the old credentials no longer did.")]
    public void Secret_that_changes_is_read_again_when_writing_fails()
    {
        var bed = EngineBed.WithPromise();
        bed.Git.FailWith = ("authentication failed", Refusal.Unauthorized);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("False", EngineBed.Condition(bed.Get(Kinds.GitStateStore, null, "store")!, "Ready"));

        bed.Git.FailWith = null;
        bed.Patch(Kinds.Secret, "default", "git", new JsonObject { ["data"] = new JsonObject { ["password"] = "dHdv" } });
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.GitStateStore, null, "store")!, "Ready"));
    }

    [Fact, Conformance("R106", "A Secret that is changed, gone or back is noticed when that happens, without any write and although the old credentials still would do.")]
    public void Secret_that_is_rotated_disappears_or_comes_back_is_noticed_at_once()
    {
        var bed = EngineBed.WithPromise();
        bed.Kit.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(("True", "State store is ready"), StoreReady(bed));

        bed.Patch(Kinds.Secret, "default", "git", new JsonObject { ["data"] = new JsonObject { ["password"] = "dHdv" } });
        Assert.Equal("two"u8.ToArray(), Assert.IsType<GitAddress>(bed.Stores.Opened.Last()).Credentials.Data["password"]);

        bed.Delete(Kinds.Secret, "default", "git");
        Assert.Equal(("False", "Secret git not found in namespace default"), StoreReady(bed));

        bed.Create(Kinds.Secret, "default", Samples.Secret("three"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("True", StoreReady(bed).Status);
        Assert.Equal("three"u8.ToArray(), Assert.IsType<GitAddress>(bed.Stores.Opened.Last()).Credentials.Data["password"]);
    }

    [Fact]
    public void Secret_that_was_rotated_while_the_watch_had_lost_the_server_is_noticed_when_it_lists_again()
    {
        var bed = EngineBed.WithPromise();
        bed.Kubernetes.Missed = o => o["kind"]!.ToString() == "Secret";
        bed.Patch(Kinds.Secret, "default", "git", new JsonObject { ["data"] = new JsonObject { ["password"] = "dHdv" } });
        Assert.Equal("one"u8.ToArray(), Assert.IsType<GitAddress>(bed.Stores.Opened.Last()).Credentials.Data["password"]);

        bed.Kubernetes.Interrupt("the server went away");
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("two"u8.ToArray(), Assert.IsType<GitAddress>(bed.Stores.Opened.Last()).Credentials.Data["password"]);
    }

    [Fact, Conformance("R106", "A Secret that the engine may not watch is told by the store's condition and an Event at once, whether or not it may still be read, until it may be watched.")]
    public void Secret_that_may_not_be_watched_is_told_before_any_write_fails()
    {
        var bed = EngineBed.WithPromise();
        for (var i = 0; i < 2; i++)
        {
            bed.Kit.Dispatcher.InContext(() => bed.Kubernetes.Refuse(Kinds.Secret, "secrets \"git\" is forbidden"));
            bed.Kit.Advance(TimeSpan.FromSeconds(1));
        }

        const string amiss = "Secret git in namespace default may not be watched, so a change of it is noticed only when a write fails; the engine needs get, list and watch on it: secrets \"git\" is forbidden";
        Assert.Equal(("True", $"State store is ready, but {amiss}"), StoreReady(bed));
        Assert.Equal(amiss, Assert.Single(bed.List(Kinds.Event), e => e["reason"]!.ToString() == "SecretNotWatched")["message"]!.ToString());

        bed.Kit.Dispatcher.InContext(() => bed.Kubernetes.Interrupt("back"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("True", "State store is ready"), StoreReady(bed));

        bed.Kubernetes.Fail = (verb, type, _) => verb == "get" && type == Kinds.Secret ? new Outcome<Nothing>.Terminal(Refusal.Forbidden, "get is forbidden") : null;
        bed.Kit.Dispatcher.InContext(() => bed.Kubernetes.Refuse(Kinds.Secret, "list is forbidden"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("False", "Secret git in namespace default could not be read: get is forbidden"), StoreReady(bed));
    }

    [Fact]
    public void Store_that_names_another_Secret_is_looked_at_for_that_one_only()
    {
        var bed = EngineBed.WithPromise();
        bed.Create(Kinds.Secret, "default", Named("other", "two"));
        bed.Patch(Kinds.GitStateStore, null, "store", new JsonObject { ["spec"] = new JsonObject { ["secretRef"] = new JsonObject { ["name"] = "other" } } });
        var opened = bed.Stores.Opened.Count;

        bed.Delete(Kinds.Secret, "default", "git");
        Assert.Equal((opened, "True"), (bed.Stores.Opened.Count, StoreReady(bed).Status));

        bed.Delete(Kinds.Secret, "default", "other");
        Assert.Equal(("False", "Secret other not found in namespace default"), StoreReady(bed));
    }

    [Fact]
    public void Secret_that_no_store_names_is_not_watched()
    {
        var bed = EngineBed.WithPromise();
        bed.Create(Kinds.Secret, "default", Named("mine", "x"));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(["default/git"], bed.Kubernetes.Watched(Kinds.Secret));
        bed.Delete(Kinds.GitStateStore, null, "store");
        Assert.Empty(bed.Kubernetes.Watched(Kinds.Secret));
    }

    [Fact, Conformance("R112", "A state store's Events are Ready and, with the reason, NotReady: once each time that changes, and not again after a restart.")]
    public void Store_tells_when_it_becomes_ready_and_when_it_is_no_longer()
    {
        var bed = EngineBed.WithPromise();
        bed.Delete(Kinds.Secret, "default", "git");
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        bed = bed.Restarted(OnStart.Off);
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Normal Ready", "Warning NotReady"], bed.Told("GitStateStore", "store"));
        Assert.Equal(
            ["GitStateStore \"store\" is not ready: Secret git not found in namespace default", "GitStateStore \"store\" is ready"],
            bed.List(Kinds.Event).Where(e => e["involvedObject"]!["kind"]!.ToString() == "GitStateStore").Select(e => e["message"]!.ToString()).Order(StringComparer.Ordinal));

        bed.Create(Kinds.Secret, "default", Samples.Secret("two"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["Normal Ready", "Warning NotReady", "Normal Ready"], bed.Told("GitStateStore", "store"));
    }

    [Fact, Conformance("R112", "A state store that cannot be used says why, and its Destinations wait for it.")]
    public void Store_without_its_Secret_says_so_and_is_ready_when_it_is_there()
    {
        var bed = new EngineBed();
        bed.Start();
        bed.Create(Kinds.GitStateStore, null, Samples.Store());
        bed.Create(Kinds.Destination, null, Samples.Destination("worker"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        var store = bed.Get(Kinds.GitStateStore, null, "store")!;
        Assert.Equal("Secret git not found in namespace default", store["status"]!["conditions"]![0]!["message"]!.ToString());
        Assert.Equal("StateStoreNotReady", bed.Get(Kinds.Destination, null, "worker")!["status"]!["conditions"]![0]!["reason"]!.ToString());

        bed.Create(Kinds.Secret, "default", Samples.Secret("one"));
        bed.Kit.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.Destination, null, "worker")!, "Ready"));
    }

    [Fact]
    public void Destination_of_a_bucket_is_not_written_to_a_repository_of_the_same_name()
    {
        var bed = EngineBed.WithPromise();
        var bucket = Samples.Destination("bucket");
        bucket["spec"]!["stateStoreRef"]!["kind"] = "BucketStateStore";
        bed.Create(Kinds.Destination, null, bucket);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("BucketStateStore/store: not found", bed.Get(Kinds.Destination, null, "bucket")!["status"]!["conditions"]![0]!["message"]!.ToString());
    }

    [Fact, Conformance("R98", "A Destination in a BucketStateStore is ready when the bucket can be written to, and requests have their files there.")]
    public void Destination_of_a_bucket_is_ready_and_takes_files()
    {
        var bed = EngineBed.WithPromise();
        bed.Delete(Kinds.Destination, null, "worker");
        bed.Create(Kinds.BucketStateStore, null, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "store" },
            ["spec"] = new JsonObject { ["bucketName"] = "platform", ["endpoint"] = "s3.example.org", ["path"] = "base", ["secretRef"] = new JsonObject { ["name"] = "git", ["namespace"] = "default" } },
        });
        var destination = Samples.Destination("bucket");
        destination["spec"]!["stateStoreRef"]!["kind"] = "BucketStateStore";
        bed.Create(Kinds.Destination, null, destination);
        bed.Kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.BucketStateStore, null, "store")!, "Ready"));
        Assert.Equal("True", EngineBed.Condition(bed.Get(Kinds.Destination, null, "bucket")!, "Ready"));

        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.StartsWith("base/bucket/resources/default/redis/a/", Assert.Single(bed.Stores.Store("bucket platform").Files.Keys), StringComparison.Ordinal);
        Assert.Empty(bed.Git.Files);
    }

    [Theory, Conformance("K27", "TLS verification is on, and an annotation turns it off for one state store.")]
    [InlineData(null, true)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task Verification_of_TLS_is_a_stores_own_setting(string? value, bool verifies)
    {
        var store = Samples.Store();
        store["spec"]!.AsObject().Remove("secretRef");
        store["metadata"]!["annotations"] = new JsonObject { ["kratix.io/git-tls-verify"] = value };
        var read = await StoreAddress.Read(new FakeKubernetes(TimeProvider.System), Kinds.GitStateStore, store);
        Assert.Equal(verifies, Assert.IsType<GitAddress>(read.Address).VerifyTls);
    }

    [Fact]
    public void Readiness_is_written_once_also_when_observations_come_late()
    {
        var bed = EngineBed.WithPromise();
        bed.Git.FailWith = ("away", null);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(1));
        var writes = bed.Kubernetes.Writes;

        bed.Kubernetes.Interrupt("the server went away");
        bed.Kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(writes, bed.Kubernetes.Writes);
    }

    [Fact]
    public void Request_without_a_matching_Destination_waits_for_one()
    {
        var promise = Samples.Promise();
        promise["spec"]!["destinationSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["environment"] = "prod" } });
        var bed = EngineBed.WithPromise(promise: promise);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("Writing", bed.Phase("a"));
        Assert.Contains("environment=prod", bed.Redis1("a")["status"]!["message"]!.ToString(), StringComparison.Ordinal);

        bed.Create(Kinds.Destination, null, Samples.Destination("production", ("environment", "prod")));
        bed.Kit.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.StartsWith("production/", Assert.Single(bed.Git.Files.Keys), StringComparison.Ordinal);
    }

    [Fact]
    public void Repository_that_is_away_holds_up_no_other()
    {
        var bed = EngineBed.WithPromise();
        var other = Samples.Store("https://git.example.org/other");
        other["metadata"]!["name"] = "other";
        bed.Create(Kinds.GitStateStore, null, other);
        var elsewhere = Samples.Destination("elsewhere", ("environment", "prod"));
        elsewhere["spec"]!["stateStoreRef"]!["name"] = "other";
        bed.Create(Kinds.Destination, null, elsewhere);
        bed.Kit.Advance(TimeSpan.FromSeconds(2));
        bed.Request("a");
        var files = new[] { ("output/near.yaml", "x: 1\n"), ("output/far/far.yaml", "x: 1\n"), ("metadata/destination-selectors.yaml", "[{directory: far, matchLabels: {environment: prod}}, {matchLabels: {environment: dev}}]") };
        bed.Git.FailWith = ("away", null);

        bed.Complete(bed.TakePlan(), files);

        Assert.Empty(bed.Git.Files);
        Assert.EndsWith("/far/far.yaml", Assert.Single(bed.Stores.Store("https://git.example.org/other#main").Files.Keys), StringComparison.Ordinal);
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.EndsWith("/near.yaml", Assert.Single(bed.Git.Files.Keys), StringComparison.Ordinal);
    }

    [Theory, Conformance("R112", "What waits for a repository that does not answer goes to the one that the state store names now.")]
    [InlineData("""{"url":"https://git.example.org/new"}""", "https://git.example.org/new#main")]
    [InlineData("""{"branch":"next"}""", "https://git.example.org/platform#next")]
    public void Write_that_waits_for_a_repository_that_is_gone_goes_to_the_one_the_store_names_now(string change, string key)
    {
        var bed = EngineBed.WithPromise();
        bed.Git.FailWith = ("gone", null);
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        bed.Kit.Advance(TimeSpan.FromSeconds(10));

        bed.Patch(Kinds.GitStateStore, null, "store", new JsonObject { ["spec"] = JsonNode.Parse(change) });
        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("Settled", bed.Phase("a"));
        Assert.EndsWith("/db.yaml", Assert.Single(bed.Stores.Store(key).Files.Keys), StringComparison.Ordinal);
        bed.Git.FailWith = null;
        bed.Kit.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(bed.Git.Files);
    }

    [Fact]
    public void Write_that_was_refused_is_tried_again_and_goes_through_when_nothing_stands_in_its_way()
    {
        var bed = EngineBed.WithPromise();
        bed.Git.Edit(files => files.SetItem("worker/resources/default/redis/a", [1]));
        bed.Request("a");
        bed.Complete(bed.TakePlan(), ("output/db.yaml", "x: 1\n"));
        Assert.Equal("False", EngineBed.Condition(bed.Redis1("a"), "Reconciled"));

        bed.Git.Edit(files => files.Remove("worker/resources/default/redis/a"));
        bed.Kit.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("Settled", bed.Phase("a"));
    }

    [Fact, Conformance("R112", "A Secret's value that is not base64 is named by Secret and key, with what would be right and without the value.")]
    public void Secret_with_a_value_that_is_not_base64_is_told_by_its_key_and_not_by_its_value()
    {
        var bed = EngineBed.WithPromise();
        bed.Patch(Kinds.Secret, "default", "git", new JsonObject { ["data"] = new JsonObject { ["password"] = "s3cret!" } });

        var told = "Secret git in namespace default: data.password is not base64; encode its value, or write it as it is under stringData";
        Assert.Equal(("False", told), StoreReady(bed));
        Assert.DoesNotContain(bed.List(Kinds.Event), e => e.ToJsonString().Contains("s3cret", StringComparison.Ordinal));
    }

    private static (string? Status, string? Message) StoreReady(EngineBed bed) =>
        bed.Get(Kinds.GitStateStore, null, "store")!["status"]!["conditions"]![0] is { } ready ? (ready["status"]?.ToString(), ready["message"]?.ToString()) : default;

    private static JsonObject Named(string name, string password)
    {
        var secret = Samples.Secret(password);
        secret["metadata"]!["name"] = name;
        return secret;
    }
}
