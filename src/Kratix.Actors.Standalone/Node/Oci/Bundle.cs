using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kratix.Actors.Standalone.Nodes.Containers;
using Kratix.Actors.Standalone.Security;

namespace Kratix.Actors.Standalone.Nodes.Oci;

/// <summary>What a bundle was made for; written before anything of it is started.</summary>
/// <param name="Sandbox">The network it has been given; null when it has none of its own or shares the machine's.</param>
internal sealed record BundleLabel(string Name, string PodUid, string Container, int Attempt, bool LimitsMemory, string StopSignal, int? Sandbox);

/// <summary>The folder of one container: what runc is told, what the container writes, and what its supervisor leaves behind.</summary>
internal sealed class Bundle
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _root;

    public Bundle(string root, string name)
    {
        // Names of containers are longer than a folder's name may be.
        (_root, Id) = (root, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..40]);
    }

    private Bundle(string folder) => (_root, Id) = (Path.GetDirectoryName(folder)!, Path.GetFileName(folder));

    public string Id { get; }

    public string Folder => Path.Combine(_root, Id);

    public string RootFileSystem => Path.Combine(Folder, "root");

    public string Written => Path.Combine(Folder, "written");

    public string Work => Path.Combine(Folder, "work");

    public string Exits => Path.Combine(Folder, "exit");

    public string PidFile => Path.Combine(Folder, "pid");

    public string RuncLog => Path.Combine(Folder, "runc.log");

    public string Config => Path.Combine(Folder, "config.json");

    public bool Exists => PrivateFile.IsWritten(LabelFile);

    /// <summary>Its first process has been there.</summary>
    public bool HasBegun => File.Exists(PidFile);

    public bool HasEnded => PrivateFile.IsWritten(ExitFile);

    private string LabelFile => Path.Combine(Folder, "label.json");

    private string ExitFile => Path.Combine(Exits, Id);

    public static IReadOnlyList<Bundle> All(string root) =>
        Directory.Exists(root) ? [.. Directory.EnumerateDirectories(root).Select(f => new Bundle(f)).Where(b => b.Exists)] : [];

    /// <summary>Folders without a label: nothing of them was ever started, as far as anybody can tell.</summary>
    public static IEnumerable<string> Halves(string root) => Directory.EnumerateDirectories(root).Where(f => !new Bundle(f).Exists);

    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Folders and label; a crash in here leaves something that counts as never started.</summary>
    public void Create(BundleLabel label)
    {
        Directory.CreateDirectory(Folder, OwnerOnly);
        foreach (var folder in (string[])[RootFileSystem, Written, Work, Exits]) Directory.CreateDirectory(folder);
        PrivateFile.Write(LabelFile, JsonSerializer.Serialize(label));
    }

    public BundleLabel Label() => JsonSerializer.Deserialize<BundleLabel>(File.ReadAllBytes(LabelFile))!;

    /// <summary>Holds the environment, and so Secrets: nobody else may read it, and it goes as soon as the container has ended.</summary>
    public void WriteConfig(byte[] config)
    {
        using var file = new FileStream(Config, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(config);
    }

    /// <summary>How it ended; null while it has not.</summary>
    public RunResult.Exited? Exit(BundleLabel label)
    {
        if (!HasEnded) return null;
        var code = int.Parse(File.ReadAllText(ExitFile), CultureInfo.InvariantCulture);
        // The first process of a container cannot kill itself: a 137 under a memory limit is the kernel's doing, also where conmon did not see it.
        var outOfMemory = File.Exists(PathOf("oom")) || (label.LimitsMemory && code == 137);
        return new RunResult.Exited(code, outOfMemory, StartedAt, new DateTimeOffset(File.GetLastWriteTimeUtc(ExitFile)));
    }

    public DateTimeOffset? StartedAt => HasBegun ? new DateTimeOffset(File.GetLastWriteTimeUtc(PidFile)) : null;

    /// <summary>runc's last complaint.</summary>
    public string? Complaint()
    {
        if (!File.Exists(RuncLog)) return null;
        var errors = File.ReadLines(RuncLog).Where(l => l.Contains("\"level\":\"error\"", StringComparison.Ordinal));
        return errors.LastOrDefault() is { } line ? JsonDocument.Parse(line).RootElement.GetProperty("msg").GetString() : null;
    }
}
