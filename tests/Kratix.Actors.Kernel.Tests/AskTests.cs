using Kratix.Actors.Testing;

namespace Kratix.Actors.Kernel.Tests;

public sealed class AskTests
{
    private sealed record Question(IActorRef<string> ReplyTo);

    [Fact]
    public void An_answer_completes_the_ask()
    {
        var kit = new ActorTestKit();
        var actor = kit.System.Spawn(Scripted<Question>.Props((_, question) => question.ReplyTo.Tell("42")), "oracle");

        Assert.Equal("42", kit.Settle(() => actor.Ask<Question, string>(reply => new Question(reply), TimeSpan.FromSeconds(1), kit.Time)));
        Assert.Null(kit.Time.NextTimerIn);
    }

    [Fact]
    public async Task No_answer_within_the_limit_fails_the_ask_and_a_late_one_is_a_dead_letter()
    {
        var kit = new ActorTestKit();
        IActorRef<string>? replyTo = null;
        var actor = kit.System.Spawn(Scripted<Question>.Props((_, question) => replyTo = question.ReplyTo), "silent");
        var answer = actor.Ask<Question, string>(reply => new Question(reply), TimeSpan.FromSeconds(3), kit.Time);
        kit.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(answer.IsCompleted);
        kit.Advance(TimeSpan.FromSeconds(0.1));

        var error = await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
        Assert.Contains("/user/silent", error.Message, StringComparison.Ordinal);
        replyTo!.Tell("too late");
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }

    [Fact]
    public async Task A_cancelled_ask_ends()
    {
        var kit = new ActorTestKit();
        using var cancel = new CancellationTokenSource();
        var actor = kit.System.Spawn(Scripted<Question>.Props((_, _) => { }), "silent");
        var answer = actor.Ask<Question, string>(reply => new Question(reply), TimeSpan.FromSeconds(3), kit.Time, cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Null(kit.Time.NextTimerIn);
    }

    [Fact]
    public void An_adapted_reference_translates_and_a_translation_that_throws_is_a_dead_letter()
    {
        var kit = new ActorTestKit();
        var probe = kit.Probe<string>();
        var actor = kit.System.Spawn(Scripted<string>.Props((_, message) => probe.Tell(message)), "text");
        var numbers = actor.Adapt<string, int>(number => number > 0 ? $"number {number}" : throw new ArgumentOutOfRangeException(nameof(number)));
        numbers.Tell(7);
        numbers.Tell(-1);

        Assert.Equal(["number 7"], probe.Drain());
        Assert.Equal(1, kit.System.Metrics.DeadLetters);
    }
}
