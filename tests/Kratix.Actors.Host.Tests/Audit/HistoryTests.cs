using Kratix.Actors.Host.Tests.Commands;
using Kratix.Actors.Testing;
using Microsoft.Data.Sqlite;

namespace Kratix.Actors.Host.Tests.Audit;

/// <summary>Each test has a data folder with a <see cref="Audit.History"/> of its own.</summary>
public abstract class HistoryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    protected HistoryTests() => History = new History(_folder.Path);

    protected string Folder => _folder.Path;

    private protected History History { get; }

    public virtual Task InitializeAsync() => History.Write();

    public virtual async Task DisposeAsync()
    {
        await History.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private protected Task<Invocation> Run(params string[] args) => Invocation.Of([.. args, "--data-folder", Folder]);
}
