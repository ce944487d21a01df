using Kratix.Actors.Core.Placement;
using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Engine.Tests.Support;
using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

public sealed class GitWriterActorTests
{
    private static readonly GitAddress Address = new("https://git.example.org/p", "main", "basicAuth", StoreCredentials.None, "kratix", "");

    private readonly ActorTestKit _kit = new();
    private readonly InMemoryContentStore _contents = new();
    private readonly InMemoryStateStores _stores;
    private readonly IActorRef<GitWriterMessage> _writer;
    private readonly List<(string Id, WriteAnswer Answer)> _answers = [];
    private int _batches;
    private int _troubles;
    private int? _pushesPerMinute;

    public GitWriterActorTests()
    {
        _stores = new InMemoryStateStores(_contents);
        Store.BeforeWrite = _ =>
        {
            _batches++;
            return Task.CompletedTask;
        };
        var budgets = new PushBudgets(_stores, host => host == "git.example.org" ? _pushesPerMinute : null, _kit.Time);
        _writer = _kit.System.Spawn(new Props<GitWriterMessage>(() => new GitWriterActor(_stores, Address, Samples.Settings, budgets, () => _troubles++)), "writer");
    }

    private InMemoryStateStore Store => _stores.Store("https://git.example.org/p#main");

    [Fact, Conformance("K24", "What waits together goes out in one commit and one push, and every waiter is answered with its id.")]
    public void Placements_that_come_together_are_one_commit()
    {
        for (var i = 0; i < 100; i++)
            Write($"p{i}", $"dir/{i}.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, _batches);
        Assert.Equal(100, Store.Files.Count);
        Assert.Single(_answers.Select(a => Assert.IsType<WriteAnswer.Written>(a.Answer).CommitId).Distinct());
        Assert.Equal(100, _answers.Count);
    }

    [Fact]
    public void Placements_that_follow_each_other_closely_go_together_but_are_not_held_up_for_ever()
    {
        for (var i = 0; i < 40; i++)
        {
            Write($"p{i}", $"dir/{i}.yaml", "x: 1");
            _kit.Advance(Samples.Settings.BatchLinger / 2);
        }

        Assert.InRange(_batches, 1, 2);
        _kit.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(_batches, 2, 3);
        Assert.Equal(40, _answers.Count);
    }

    [Fact]
    public void Placement_that_comes_alone_waits_no_longer_than_the_pause()
    {
        Write("p", "a.yaml", "x: 1");
        _kit.Advance(Samples.Settings.BatchLinger);

        Assert.Equal(1, _batches);
    }

    [Fact]
    public void Placements_that_come_while_a_push_is_on_its_way_wait_for_the_next_together()
    {
        var push = new TaskCompletionSource();
        Store.BeforeWrite = async _ =>
        {
            _batches++;
            await push.Task;
        };
        Write("p0", "0.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(1));
        for (var i = 1; i < 50; i++)
        {
            Write($"p{i}", $"{i}.yaml", "x: 1");
            _kit.Advance(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal(1, _batches);
        _kit.Dispatcher.InContext(push.SetResult);
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(2, _batches);
        Assert.Equal(50, _answers.Count);
    }

    [Fact]
    public void Later_request_for_a_placement_that_waits_replaces_the_earlier()
    {
        Write("p", "a.yaml", "old", "first");
        Write("p", "a.yaml", "new", "second");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("new", System.Text.Encoding.UTF8.GetString(Store.Files["a.yaml"]));
        Assert.Equal("second", Assert.Single(_answers).Id);
    }

    [Fact]
    public void Placements_of_one_name_for_two_requests_are_two()
    {
        Write("p", "a.yaml", "1", "first", "redis/default/a");
        Write("p", "b.yaml", "2", "second", "redis/other/a");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["a.yaml", "b.yaml"], Store.Files.Keys);
    }

    [Fact]
    public void Store_that_is_away_is_tried_again_with_back_off_and_answers_once_in_between()
    {
        Store.FailWith = ("connection refused", null);
        Write("p", "a.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromMinutes(2));

        Assert.InRange(_batches, 5, 9);
        Assert.Equal(_batches, _troubles);
        Assert.All(_answers, a => Assert.True(Assert.IsType<WriteAnswer.Failed>(a.Answer).TriesAgain));

        Store.FailWith = null;
        _kit.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<WriteAnswer.Written>(_answers[^1].Answer);
    }

    [Fact]
    public void Newer_request_that_came_while_the_older_failed_is_the_one_that_goes()
    {
        Store.FailWith = ("away", null);
        Write("p", "a.yaml", "old", "first");
        _kit.Advance(TimeSpan.FromSeconds(1));
        Write("p", "a.yaml", "new", "second");
        Store.FailWith = null;
        _kit.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("new", System.Text.Encoding.UTF8.GetString(Store.Files["a.yaml"]));
        Assert.DoesNotContain(_answers, a => a.Id == "first" && a.Answer is WriteAnswer.Written);
    }

    [Fact, Conformance("R113", "A path that leaves the repository is refused, and its placement shown failing; the others are written.")]
    public void Intent_that_is_refused_answers_its_own_waiter_and_the_others_go_through()
    {
        Write("bad", "../escape.yaml", "x: 1");
        Write("good", "a.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal("a.yaml", Assert.Single(Store.Files.Keys));
        Assert.False(Assert.IsType<WriteAnswer.Failed>(_answers.Single(a => a.Id == "bad").Answer).TriesAgain);
        Assert.IsType<WriteAnswer.Written>(_answers.Single(a => a.Id == "good").Answer);
        Assert.Equal(1, _batches);
    }

    [Fact]
    public void Store_opened_anew_is_tried_at_once()
    {
        Store.FailWith = ("authentication failed", Ports.Refusal.Unauthorized);
        Write("p", "a.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(50));
        Store.FailWith = null;
        var before = _batches;

        _writer.Tell(new GitWriterMessage.Reopen(Address with { AuthorName = "new" }));
        _kit.Run();

        Assert.Equal(before + 1, _batches);
        Assert.IsType<WriteAnswer.Written>(_answers[^1].Answer);
    }

    [Fact]
    public void Adapter_that_throws_loses_nothing()
    {
        Store.BeforeWrite = _ => ++_batches == 1 ? throw new InvalidOperationException("a bug") : Task.CompletedTask;
        Write("p", "a.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromMinutes(1));

        Assert.IsType<WriteAnswer.Written>(_answers[^1].Answer);
    }

    [Fact, Conformance("K24", "One placement that the repository's hook declines is found and named; all others go through, in few pushes.")]
    public void Placement_that_is_declined_is_found_and_the_others_go_through()
    {
        DeclineWhere(intent => intent.Placement == "p333");
        for (var i = 0; i < 500; i++)
            Write($"p{i}", $"{i}.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(499, Store.Files.Count);
        var (id, answer) = Assert.Single(_answers, a => a.Answer is WriteAnswer.Failed);
        Assert.Equal("p333", id);
        Assert.Contains("placement 'p333' (redis/default/a) was declined by itself", ((WriteAnswer.Failed)answer).Reason, StringComparison.Ordinal);
        // One for all, nine halves, the rest.
        Assert.InRange(_batches, 10, 12);
    }

    [Fact, Conformance("K24", "A placement that was declined goes alone from then on, until it is taken.")]
    public void Placement_that_was_declined_goes_alone_until_it_is_taken()
    {
        DeclineWhere(intent => intent.Placement == "bad");
        Write("bad", "bad.yaml", "x: 1");
        Write("good", "good.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(1));
        var before = _batches;

        Write("bad", "bad.yaml", "x: 1");
        for (var i = 0; i < 20; i++)
            Write($"p{i}", $"{i}.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(before + 2, _batches);
        Assert.Equal(21, Store.Files.Count);

        DeclineWhere(_ => false);
        Write("bad", "bad.yaml", "x: 2");
        _kit.Advance(TimeSpan.FromSeconds(1));
        Write("bad", "bad.yaml", "x: 3");
        Write("good", "good.yaml", "x: 3");
        before = _batches;
        _kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(before + 1, _batches);
    }

    /// <summary>What was declined waits in a line of its own, and the two lines take turns.</summary>
    /// <param name="slow">The push during which later writes come: the first is declined, the second is taken.</param>
    [Theory, Conformance("K24", "What is asked for last is what is written last, also when earlier writes of that placement are declined and taken meanwhile.")]
    [InlineData(1)]
    [InlineData(2)]
    public void Last_write_of_a_placement_that_was_declined_is_written_last(int slow)
    {
        var push = new TaskCompletionSource();
        Store.BeforeWrite = async _ =>
        {
            var number = ++_batches;
            if (number == slow)
                await push.Task;
            Store.FailWith = number == 1 ? ("pre-receive hook declined", Ports.Refusal.Declined) : null;
        };
        for (var number = 1; number <= slow; number++)
        {
            Write("bad", "bad.yaml", $"x: {number}");
            _kit.Advance(TimeSpan.FromSeconds(1));
        }

        Write("bad", "bad.yaml", "x: late");
        Write("other", "other.yaml", "x: 1");
        push.SetResult();
        _kit.Run();
        Write("bad", "bad.yaml", "x: last");
        _kit.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("x: last", System.Text.Encoding.UTF8.GetString(Store.Files["bad.yaml"]));
    }

    [Fact]
    public void Branch_that_takes_nothing_is_pushed_to_ever_more_rarely_and_everybody_waiting_is_told()
    {
        DeclineWhere(_ => true);
        for (var i = 0; i < 100; i++)
            Write($"p{i}", $"{i}.yaml", "x: 1");
        _kit.Advance(TimeSpan.FromMinutes(5));

        Assert.InRange(_batches, 17, 30);
        Assert.True(_answers.Select(a => a.Id).Distinct().Count() >= 50);

        DeclineWhere(_ => false);
        _kit.Advance(TimeSpan.FromMinutes(1));
        Assert.True(Store.Files.Count >= 90);
    }

    [Fact, Conformance("K25", "No more pushes a minute go to a repository than its host's budget allows; what waits goes out together when the minute is over.")]
    public void Push_budget_of_the_host_is_kept()
    {
        _pushesPerMinute = 6;
        for (var i = 0; i < 120; i++)
        {
            Write($"p{i}", $"{i}.yaml", "x: 1");
            _kit.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_batches, 12, 13);
        _kit.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(120, Store.Files.Count);
    }

    [Fact]
    public void Batch_ends_at_the_bound_of_files()
    {
        for (var i = 0; i < 3; i++)
        {
            var files = Enumerable.Range(0, 600).Select(n => _contents.Add($"{n}.yaml", $"x: {n}")).ToList();
            _writer.Tell(new GitWriterMessage.Write(new WriteRequest(
                new WriteIntent($"p{i}", $"p{i}", "Update", "redis/default/a", "stamp", [new PathChange.ReplaceDirectory($"d{i}", [.. files])]), _ => { })));
        }

        _kit.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, _batches);
        Assert.Equal(1800, Store.Files.Count);
    }

    private void DeclineWhere(Func<WriteIntent, bool> bad) => Store.BeforeWrite = intents =>
    {
        _batches++;
        Store.FailWith = intents.Any(bad) ? ("pre-receive hook declined", Ports.Refusal.Declined) : null;
        return Task.CompletedTask;
    };

    private void Write(string placement, string path, string text, string? answerAs = null, string request = "redis/default/a")
    {
        var intent = new WriteIntent($"{request} {placement}", placement, "Update", request, "stamp", [new PathChange.PutFile(_contents.Add(path, text))]);
        _writer.Tell(new GitWriterMessage.Write(new WriteRequest(intent, a => _answers.Add((answerAs ?? placement, a)))));
        _kit.Run();
    }
}
