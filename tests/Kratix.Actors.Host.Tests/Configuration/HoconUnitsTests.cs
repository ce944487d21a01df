using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Tests.Configuration;

public sealed class HoconUnitsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("90 s", 90_000)]
    [InlineData("5 minutes", 300_000)]
    [InlineData("10h", 36_000_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("250us", 0.25)]
    [InlineData("0", 0)]
    public void Duration_reads_a_number_and_a_unit(string text, double milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), HoconUnits.Duration(text));

    [Theory]
    [InlineData("90")]
    [InlineData("s")]
    [InlineData("5 fortnights")]
    [InlineData("999999999999d")]
    [InlineData("")]
    public void Duration_without_a_known_unit_is_none(string text) => Assert.Null(HoconUnits.Duration(text));

    [Theory]
    [InlineData("1024", 1024)]
    [InlineData("10MiB", 10 * 1024 * 1024)]
    [InlineData("1g", 1 << 30)]
    [InlineData("4kB", 4000)]
    [InlineData("4 KiB", 4096)]
    [InlineData("0.5k", 512)]
    public void Size_reads_bytes_and_units(string text, long bytes) => Assert.Equal(bytes, HoconUnits.Size(text));

    [Theory]
    [InlineData("ten")]
    [InlineData("5 parsecs")]
    [InlineData("1e300")]
    public void Size_that_is_none_is_none(string text) => Assert.Null(HoconUnits.Size(text));
}
