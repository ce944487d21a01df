using System.Collections.Immutable;
using Kratix.Actors.PortContracts;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

public sealed class GitOverFiles_Contract : StateStoreContract
{
    protected override Task<IStateStoreFixture> NewFixture() => Task.FromResult<IStateStoreFixture>(new GitWorld());
}

public sealed class InMemory_Contract : StateStoreContract
{
    protected override Task<IStateStoreFixture> NewFixture() => Task.FromResult<IStateStoreFixture>(new MemoryWorld());

    private sealed class MemoryWorld : IStateStoreFixture
    {
        private readonly InMemoryContentStore _contents = new();
        private readonly InMemoryStateStores _stores;

        public MemoryWorld() => _stores = new InMemoryStateStores(_contents);

        public IStateStores Stores => _stores;

        public bool HasDirectories => true;

        public IContentStore Contents => _contents;

        private static readonly GitAddress Git = new("https://git.example.com/team/repository", "main", "basicAuth", StoreCredentials.None, "kratix", "");

        public StateStoreAddress Address => Git;

        public (StateStoreAddress SameStore, StateStoreAddress OtherStore) Neighbours => (Git with { Url = Git.Url + "/" }, Git with { Branch = "other" });

        private InMemoryStateStore Store => _stores.Store(((Outcome<string>.Done)_stores.KeyOf(Address)).Value);

        public Task<ImmutableSortedDictionary<string, byte[]>> Files() => Task.FromResult(Store.Files);

        public Task<int?> Commits() => Task.FromResult<int?>(Store.Commits.Count);

        public Task WriteForeign(IReadOnlyDictionary<string, byte[]?> files)
        {
            Store.Edit(all => files.Aggregate(all, (now, f) => f.Value is null ? now.Remove(f.Key) : now.SetItem(f.Key, f.Value)));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
