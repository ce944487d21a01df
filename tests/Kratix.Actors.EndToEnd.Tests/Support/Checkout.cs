namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The checkout these tests were built from: where the program, its settings and the machine's container settings are.</summary>
internal static class Checkout
{
    internal const string Busybox = "localhost/busybox:demo";

    internal static string Root { get; } = FindRoot();

    internal static string File(params string[] path) => Path.Combine([Root, .. path]);

    /// <summary>Built beside these tests, in the same configuration.</summary>
    internal static string Program { get; } = Path.Combine(
        Root, "artifacts", "bin", "Kratix.Actors.Host", new DirectoryInfo(AppContext.BaseDirectory).Name, "kratix-actors.dll");

    internal static string TestSettings { get; } = Path.Combine(Root, "hocon", "test.conf");

    /// <summary>What <c>eng/env.sh</c> exports, so that the tests also run from an editor.</summary>
    internal static IReadOnlyDictionary<string, string> Environment { get; } = FindEnvironment();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Kratix.Actors.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"no Kratix.Actors.sln above {AppContext.BaseDirectory}");
    }

    private static Dictionary<string, string> FindEnvironment()
    {
        var containers = Path.Combine(Root, ".work", "containers", "containers.conf");
        return System.Environment.GetEnvironmentVariable("CONTAINERS_CONF") is null && System.IO.File.Exists(containers)
            ? new() { ["CONTAINERS_CONF"] = containers }
            : [];
    }
}
