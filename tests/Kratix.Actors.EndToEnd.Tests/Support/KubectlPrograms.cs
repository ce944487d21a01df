namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The kubectl programs of this machine: whichever is on PATH, Debian's, and one of a current release.</summary>
internal static class KubectlPrograms
{
    internal static IReadOnlyList<string> All { get; } = [.. Found().Distinct()];

    /// <summary>An image with a kubectl in it, on the image the other tests' containers run on.</summary>
    internal static async Task BuildImage(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "Containerfile"), $"FROM {Checkout.Busybox}\nCOPY --chmod=755 kubectl /usr/local/bin/kubectl\n");
        var program = All.FirstOrDefault(Path.IsPathRooted) ?? (await Command.Run("sh", ["-c", "command -v kubectl"])).Trim();
        File.Copy(program, Path.Combine(folder, "kubectl"), overwrite: true);
        await Command.Run("bash", [Path.Combine(Checkout.Root, "eng", "images.sh"), $"{name}={folder}"]);
    }

    private static IEnumerable<string> Found()
    {
        yield return "kubectl";
        var tools = Path.Combine(Checkout.Root, ".work", "tools");
        foreach (var unpacked in (string[])[Path.Combine(tools, "usr", "bin", "kubectl"), Path.Combine(tools, "current", "kubectl")])
            if (File.Exists(unpacked))
                yield return unpacked;
    }
}
