using System.Text.Json;
using Kratix.Actors.Standalone.Security;

namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>
/// How an attempt of a built-in container ended. The engine remembers this for real containers; without the record a node killed before the
/// Pod's status was written would run the step a second time.
/// </summary>
internal sealed record BuiltInRecord(int ExitCode, string? Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt)
{
    public static BuiltInRecord? Read(string podFolder, string container, int attempt) => PathOf(podFolder, container, attempt) is var path && PrivateFile.IsWritten(path)
        ? JsonSerializer.Deserialize<BuiltInRecord>(File.ReadAllBytes(path))
        : null;

    public void Write(string podFolder, string container, int attempt)
    {
        var path = PathOf(podFolder, container, attempt);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        PrivateFile.Write(path, JsonSerializer.Serialize(this));
    }

    private static string PathOf(string podFolder, string container, int attempt) => Path.Combine(podFolder, "built-in", $"{container}.{attempt}.json");
}
