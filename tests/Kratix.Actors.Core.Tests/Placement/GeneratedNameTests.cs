using FsCheck;
using FsCheck.Fluent;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Core.Tests.Placement;

public sealed class GeneratedNameTests
{
    [Fact]
    public void Work_names_are_readable_and_end_in_five_characters() =>
        Assert.Matches("^redis-example-instance-configure-[0-9a-f]{5}$", new WorkOwner("redis", "default", "example", false).WorkName("instance-configure"));

    [Fact]
    public void Work_names_of_one_name_in_two_namespaces_differ() => Assert.NotEqual(
        new WorkOwner("redis", "default", "example", false).WorkName("a"), new WorkOwner("redis", "team", "example", false).WorkName("a"));

    [Fact]
    public void Names_fit_a_label_and_never_have_a_separator_before_the_last_dash() => Check.One(
        Config.QuickThrowOnFailure,
        Prop.ForAll<PositiveInt, PositiveInt>((length, dashes) =>
        {
            var readable = new string('a', length.Get % 80) + "a" + new string('-', dashes.Get % 40) + "b";
            var name = GeneratedName.Of(readable, Digest.Of(readable));
            return name.Length <= 63 && name[^6] == '-' && name[^7] != '-';
        }));
}
