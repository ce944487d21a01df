using FsCheck;
using FsCheck.Fluent;
using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Core.Tests.Workflows;

public sealed class RetryScheduleTests
{
    private static readonly RetrySchedule Schedule = new(3, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(25));

    [Theory]
    [InlineData(1, null, 0.0, 10.0)]
    [InlineData(2, null, 0.0, 20.0)]
    [InlineData(3, null, 0.0, 25.0)]
    [InlineData(1, null, 0.5, 12.5)]
    [InlineData(3, null, 0.5, 31.25)]
    [InlineData(4, null, 0.0, null)]
    [InlineData(1, 0, 0.0, null)]
    [InlineData(9, 10, 0.0, 25.0)]
    public void Delay_doubles_up_to_its_bound_and_ends_at_the_limit(int attempt, int? limit, double jitter, double? seconds) =>
        Assert.Equal(seconds, Schedule.DelayAfter(attempt, limit, jitter)?.TotalSeconds);

    [Fact]
    public void Delay_never_shrinks_and_never_leaves_its_bounds() => Check.One(
        Config.QuickThrowOnFailure,
        Prop.ForAll<PositiveInt, byte>((attempt, jitter) =>
        {
            var delay = Schedule.DelayAfter(attempt.Get, int.MaxValue, jitter / 256.0)!.Value;
            var next = Schedule.DelayAfter(attempt.Get + 1, int.MaxValue, jitter / 256.0)!.Value;
            return delay >= Schedule.Min && delay <= next && next < Schedule.Max * 1.5;
        }));
}
