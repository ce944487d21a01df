using System.Runtime.CompilerServices;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Promises;
using Kratix.Actors.Core.Resources;
using Kratix.Actors.Ports.Journal;

namespace Kratix.Actors.Engine.Persistence;

/// <summary>What everybody has placed, as the journal has it: for questions that are asked seldom and must be answered rightly.</summary>
internal static class PlacedWorks
{
    internal static async IAsyncEnumerable<(EntityKey Entity, Works Works)> All(IJournal journal, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var row in journal.Rows(Shapes.Promise, cancellation))
            yield return (row.Entity, Codec.Read<PromiseState>(row.State.Span).Works);
        await foreach (var row in journal.Rows(Shapes.Resource, cancellation))
            yield return (row.Entity, Codec.Read<ResourceState>(row.State.Span).Works);
    }
}
