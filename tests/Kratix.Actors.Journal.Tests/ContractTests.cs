using Kratix.Actors.PortContracts.Journal;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Journal.Tests;

public sealed class SqliteJournalContractTests : JournalContract
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override async Task<IJournal> Create() => await _folder.Open();
}

public sealed class SqliteContentStoreContractTests : ContentStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteJournal? _journal;

    public override async Task DisposeAsync()
    {
        await _journal!.DisposeAsync();
        _folder.Delete();
    }

    protected override async Task<IContentStore> Create() => _journal = await _folder.Open();
}

public sealed class InMemoryJournalContractTests : JournalContract
{
    protected override Task<IJournal> Create() => Task.FromResult<IJournal>(new InMemoryJournal());
}

public sealed class InMemoryContentStoreContractTests : ContentStoreContract
{
    protected override Task<IContentStore> Create() => Task.FromResult<IContentStore>(new InMemoryJournal());
}
