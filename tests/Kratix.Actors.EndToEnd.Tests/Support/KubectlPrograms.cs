namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The kubectl programs of this machine: whichever is on PATH, Debian's, and one of a current release.</summary>
internal static class KubectlPrograms
{
    internal static IReadOnlyList<string> All { get; } = [.. Found().Distinct()];

    private static IEnumerable<string> Found()
    {
        yield return "kubectl";
        var tools = Path.Combine(Checkout.Root, ".work", "tools");
        foreach (var unpacked in (string[])[Path.Combine(tools, "usr", "bin", "kubectl"), Path.Combine(tools, "current", "kubectl")])
            if (File.Exists(unpacked))
                yield return unpacked;
    }
}
