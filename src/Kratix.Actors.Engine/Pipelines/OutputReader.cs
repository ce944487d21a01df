using System.Collections.Immutable;
using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>The output breaks a rule. The message names file, line and reason for the Promise's author.</summary>
internal sealed class OutputRefusedException(string message) : Exception(message);

/// <summary>
/// Reads what a run handed in: a tar with the directories <c>output/</c> and <c>metadata/</c>. Everything in it is hostile until looked at:
/// names, links, sizes and contents.
/// </summary>
internal sealed class OutputReader(IContentStore content, OutputLimits limits)
{
    private const string Output = "output/";
    private const string Metadata = "metadata/";
    private const string Results = "results/";
    private const int ContentsPerWrite = 64;
    private const long MaxMetadataBytes = 1024 * 1024;

    /// <summary>As in Tekton, and for all of them the same: results are for people and are kept in the journal; files go to /kratix/output.</summary>
    private const int MaxResultBytes = 4096, MaxResults = 64;

    /// <summary>
    /// The output, and those of its contents that are not in the store yet: few mostly, and then all of them, so that they can be stored with what refers to them.
    /// </summary>
    /// <exception cref="OutputRefusedException">A rule is broken.</exception>
    /// <exception cref="EndOfStreamException">The archive was cut off on its way.</exception>
    internal async Task<(RunOutput Output, IReadOnlyList<ReadOnlyMemory<byte>> Unstored)> Read(Stream tar, CancellationToken cancellation)
    {
        var files = new SortedDictionary<string, FileEntry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var results = new Dictionary<string, string>(StringComparer.Ordinal);
        var waiting = new List<(string Path, byte[] Bytes)>();
        var violations = ImmutableArray.CreateBuilder<OutputViolation>();
        var broken = new HashSet<(string Directory, OutputValidation Level)>();
        var total = 0L;
        await using var archive = new ArchiveStream(tar);
        await using var reader = new TarReader(archive, leaveOpen: true);
        while (await Next(reader, cancellation) is { } entry)
        {
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes)
                continue;
            if (name.StartsWith(Metadata, StringComparison.Ordinal))
            {
                await ReadMetadata(entry, name[Metadata.Length..], metadata, cancellation);
                continue;
            }

            if (name.StartsWith(Results, StringComparison.Ordinal))
            {
                await ReadResult(entry, name[Results.Length..], results, cancellation);
                continue;
            }

            if (!name.StartsWith(Output, StringComparison.Ordinal))
                throw new OutputRefusedException($"\"{name}\" is outside /kratix/output");
            var path = Checked(entry, name[Output.Length..]);
            if (files.Count + waiting.Count >= limits.MaxFiles)
                throw new OutputRefusedException($"/kratix/output holds more than {limits.MaxFiles} files (kratix.output.max-files)");
            total += entry.Length;
            if (entry.Length > limits.MaxFileBytes)
                throw new OutputRefusedException($"/kratix/output/{path} has {entry.Length} bytes, more than {limits.MaxFileBytes} (kratix.output.max-file-bytes)");
            if (total > limits.MaxBytes)
                throw new OutputRefusedException($"/kratix/output holds more than {limits.MaxBytes} bytes (kratix.output.max-bytes), counted up to {path}");
            var bytes = await Bytes(entry, cancellation);
            // Files of one directory of the root always go together: of what is wrong with them one of each kind is enough.
            if (Violation(path, bytes) is { } violation && broken.Add((path.Contains('/', StringComparison.Ordinal) ? path.Split('/')[0] : "", violation.Level)))
                violations.Add(violation);
            if (waiting.Count >= ContentsPerWrite)
                await Store(waiting, files, cancellation);
            waiting.Add((path, bytes));
        }

        if (!archive.HasEnded)
            throw new EndOfStreamException("the blocks that end an archive are missing");
        foreach (var (path, bytes) in waiting)
            files[path] = new FileEntry(path, Digest.Of(bytes), bytes.Length);
        var directories = files.Keys.Where(p => p.Contains('/', StringComparison.Ordinal)).Select(p => p[..p.IndexOf('/', StringComparison.Ordinal)]).ToHashSet(StringComparer.Ordinal);
        var output = new RunOutput([.. files.Values], MetadataFiles.Status(metadata), MetadataFiles.Selectors(metadata, directories))
        {
            Control = MetadataFiles.Control(metadata),
            Validation = limits.Validation,
            Violations = violations.ToImmutable(),
            Results = results.Count == 0 ? null : results.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
        return (output, [.. waiting.Select(w => (ReadOnlyMemory<byte>)w.Bytes)]);
    }

    private static async Task<TarEntry?> Next(TarReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, cancellation);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new OutputRefusedException($"what the run handed in is not a tar archive: {e.Message}");
        }
    }

    /// <summary>The path, if it stays inside and is a regular file. Nothing is written anywhere by its name, but a store would be.</summary>
    private static string Checked(TarEntry entry, string path)
    {
        if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            throw new OutputRefusedException($"/kratix/output/{path} is a link to \"{entry.LinkName}\"; links are not written to state stores, write the file itself");
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            throw new OutputRefusedException($"/kratix/output/{path} is a {entry.EntryType}; only regular files and directories can be written");
        // By the stores' own rule: what they refuse is told to the run that made it, not to a placement that fails again and again.
        return RepositoryPath.Problem(path) is { } problem ? throw new OutputRefusedException($"/kratix/output: {problem}; choose another name") : path;
    }

    private static async Task ReadMetadata(TarEntry entry, string name, Dictionary<string, string> metadata, CancellationToken cancellation)
    {
        // Whatever else is there is the containers' own business and is not even opened.
        if (!MetadataFiles.Known.Contains(name))
            return;
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            throw new OutputRefusedException($"/kratix/metadata/{name} is a {entry.EntryType}, not a regular file");
        if (entry.Length > MaxMetadataBytes)
            throw new OutputRefusedException($"/kratix/metadata/{name} has {entry.Length} bytes; at most {MaxMetadataBytes} are read");
        metadata[name] = Encoding.UTF8.GetString(await Bytes(entry, cancellation));
    }

    private static async Task ReadResult(TarEntry entry, string name, Dictionary<string, string> results, CancellationToken cancellation)
    {
        var path = $"{RunPlan.ResultsFolder}/{name}";
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            throw new OutputRefusedException($"{path} is a {entry.EntryType}, not a regular file");
        if (entry.Length > MaxResultBytes)
            throw new OutputRefusedException($"{path} has {entry.Length} bytes; a result has at most {MaxResultBytes}. What is longer belongs into /kratix/output");
        if (results.Count >= MaxResults)
            throw new OutputRefusedException($"{RunPlan.ResultsFolder} holds more than {MaxResults} files");
        results[name] = Encoding.UTF8.GetString(await Bytes(entry, cancellation));
    }

    private static async Task<byte[]> Bytes(TarEntry entry, CancellationToken cancellation)
    {
        if (entry.DataStream is not { } data)
            return [];
        var bytes = new byte[entry.Length];
        await data.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    private async Task Store(List<(string Path, byte[] Bytes)> waiting, SortedDictionary<string, FileEntry> files, CancellationToken cancellation)
    {
        var digests = await content.PutMany([.. waiting.Select(w => (ReadOnlyMemory<byte>)w.Bytes)], cancellation);
        for (var i = 0; i < waiting.Count; i++)
            files[waiting[i].Path] = new FileEntry(waiting[i].Path, digests[i], waiting[i].Bytes.Length);
        waiting.Clear();
    }

    /// <summary>The least strict rule that the file breaks, whether or not anybody asks for it yet.</summary>
    private static OutputViolation? Violation(string path, byte[] bytes)
    {
        const string kubernetes = "output.validation is \"kubernetes\"";
        var isDocument = Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml" or ".json";
        var misplaced = path.Contains('/', StringComparison.Ordinal)
            ? new OutputViolation(path, OutputValidation.Kubernetes, $"/kratix/output/{path} is in a sub-directory; {kubernetes}, which allows files in the root directory only")
            : null;
        if (misplaced is not null && !isDocument)
            return misplaced;
        try
        {
            var documents = Yaml.ParseAll(Encoding.UTF8.GetString(bytes));
            return misplaced ?? (documents.All(IsKubernetesObject) ? null
                : new OutputViolation(path, OutputValidation.Kubernetes, $"/kratix/output/{path} holds a document without apiVersion, kind or metadata.name; {kubernetes}"));
        }
        catch (YamlFormatException e)
        {
            return new OutputViolation(path, isDocument ? OutputValidation.Yaml : OutputValidation.Kubernetes, $"/kratix/output/{path} line {e.Line}, column {e.Column}: {e.Message}");
        }
    }

    private static bool IsKubernetesObject(JsonNode document) =>
        document is JsonObject o && o["apiVersion"] is JsonValue && o["kind"] is JsonValue && o["metadata"]?["name"] is JsonValue;
}
