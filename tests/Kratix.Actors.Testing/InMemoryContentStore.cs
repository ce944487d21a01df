using System.Collections.Concurrent;
using System.Text;
using Kratix.Actors.Core;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Testing;

/// <summary>Contents by digest in memory, for tests of what reads them.</summary>
public sealed class InMemoryContentStore : IContentStore
{
    private readonly ConcurrentDictionary<string, byte[]> _contents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _runs = new(StringComparer.Ordinal);

    /// <summary>Stores a content and answers the entry that names it.</summary>
    public FileEntry Add(string path, ReadOnlySpan<byte> content)
    {
        var digest = Digest.Of(content);
        _contents[digest] = content.ToArray();
        return new FileEntry(path, digest, content.Length);
    }

    public FileEntry Add(string path, string content) => Add(path, Encoding.UTF8.GetBytes(content));

    public Task<string> Put(ReadOnlyMemory<byte> content, CancellationToken cancellation) => Task.FromResult(Add("", content.Span).Digest);

    public Task<IReadOnlyList<string>> PutMany(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([.. contents.Select(c => Add("", c.Span).Digest)]);

    public Task<byte[]?> Get(string digest, CancellationToken cancellation) => Task.FromResult(_contents.GetValueOrDefault(digest));

    public Task<bool> PutRun(string runId, ReadOnlyMemory<byte> manifest, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancellation)
    {
        foreach (var content in contents)
            Add("", content.Span);
        return Task.FromResult(_runs.GetOrAdd(runId, manifest.ToArray()).AsSpan().SequenceEqual(manifest.Span));
    }

    public Task<byte[]?> GetRun(string runId, CancellationToken cancellation) => Task.FromResult(_runs.GetValueOrDefault(runId));

    /// <summary>It knows no ages, so nothing in it is old.</summary>
    public Task<CompactionReport> Compact(StillNeeded needed, DateTimeOffset unusedSince, CancellationToken cancellation) => Task.FromResult(new CompactionReport(0, 0, 0));
}
