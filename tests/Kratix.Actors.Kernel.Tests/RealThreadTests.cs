using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

/// <summary>What a test in one thread cannot show: the same promises with every core at work. The seed decides what is done, the machine when.</summary>
public sealed class RealThreadTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private sealed record Question(int Number, IActorRef<int> ReplyTo);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_question_is_answered_though_those_who_answer_fall_asleep_all_the_time(int seed)
    {
        const int Askers = 4;
        const int Each = 500;
        await using var system = new ActorSystem("questions");
        var starts = 0;
        var region = system.Spawn(ShardRegion.Props(new ShardRegionSettings<Question>(
            8,
            (_, _) => new Props<Question>(() => new Scripted<Question>((self, question) =>
            {
                if (question.Number % 3 == 0)
                    self.Context.Passivate();
                question.ReplyTo.Tell(question.Number);
            })
            { Starting = _ => Interlocked.Increment(ref starts) }),
            shard => new ShardLease(shard, 1), TimeSpan.FromMilliseconds(1), 10)), "region");

        await Task.WhenAll(Enumerable.Range(0, Askers).Select(asker => Task.Run(async () =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + asker));
            for (var number = 0; number < Each; number++)
            {
                var id = $"{random.Next(20)}";
                var answer = await region.Ask<ShardEnvelope<Question>, int>(reply => new(id, new Question(number, reply)), Guard, TimeProvider.System);
                Assert.Equal(number, answer);
            }
        }))).WaitAsync(Guard);

        Assert.Equal(0, system.Metrics.DeadLetters);
        Assert.True(starts > 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_watcher_is_told_of_each_end_once_whenever_it_began_to_watch(int seed)
    {
        const int Mortals = 200;
        const int Watchers = 4;
        await using var system = new ActorSystem("watchers");
        var mortals = Enumerable.Range(0, Mortals).Select(n => system.Spawn(Scripted<int>.Props((self, _) => self.Context.StopSelf()), $"mortal-{n}")).ToArray();
        var told = new int[Watchers][];
        var left = Watchers * Mortals;
        var all = new TaskCompletionSource();
        var watchers = Enumerable.Range(0, Watchers).Select(w =>
        {
            told[w] = new int[Mortals];
            return system.Spawn(
                new Props<int>(() => new Scripted<int>((self, mortal) => self.Context.Watch(mortals[mortal]))
                {
                    Ended = (_, actor) =>
                    {
                        told[w][Array.IndexOf(mortals, actor)]++;
                        if (Interlocked.Decrement(ref left) == 0)
                            all.SetResult();
                    },
                }), $"watcher-{w}");
        }).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Watchers + 1).Select(thread => Task.Run(() =>
        {
            var random = new SeededRandom((ulong)((seed * 100) + thread));
            foreach (var mortal in Enumerable.Range(0, Mortals).OrderBy(_ => random.Next()).ToList())
            {
                if (thread == Watchers)
                    mortals[mortal].Tell(0);
                else
                    watchers[thread].Tell(mortal);
            }
        })));
        await all.Task.WaitAsync(Guard);
        Assert.True(await system.Stop(Guard));

        Assert.All(told, of => Assert.All(of, times => Assert.Equal(1, times)));
    }
}
