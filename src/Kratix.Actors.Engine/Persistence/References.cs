using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Persistence;

/// <summary>
/// Finds what somebody may still ask the content store for: every digest that a state mentions, and the runs that are owed with all that they handed in.
/// A state is searched for whatever looks like a digest, not for the fields known to hold one: a field that comes later is found too, and a word that only
/// looks like one costs a few bytes.
/// </summary>
internal static class References
{
    private const int DigestLength = 64;

    internal static async Task<StillNeeded> Collect(IJournal journal, IContentStore content, CancellationToken cancellation)
    {
        var (contents, runs) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        await foreach (var row in journal.Rows(Shapes.Resource, cancellation))
            Note(row, Codec.Read<ResourceState>(row.State.Span).ActiveRun?.RunId);
        await foreach (var row in journal.Rows(Shapes.Promise, cancellation))
            Note(row, Codec.Read<PromiseState>(row.State.Span).ActiveRun?.RunId);
        foreach (var run in runs)
        {
            // What it hands in from now on is young.
            if (await content.GetRun(run, cancellation) is { } manifest)
                AddDigests(manifest, contents);
        }

        return new StillNeeded(contents, runs);

        void Note(EntityRow row, string? run)
        {
            AddDigests(row.State.Span, contents);
            if (run is not null)
                runs.Add(run);
        }
    }

    /// <summary>Every stretch of exactly 64 lower-case hexadecimal digits.</summary>
    internal static void AddDigests(ReadOnlySpan<byte> text, HashSet<string> digests)
    {
        var length = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsAsciiHexDigitLower((char)text[i]))
            {
                length++;
                continue;
            }

            if (length == DigestLength)
                digests.Add(System.Text.Encoding.ASCII.GetString(text.Slice(i - DigestLength, DigestLength)));
            length = 0;
        }
    }
}
