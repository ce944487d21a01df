namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A folder that goes when the test does, with the containers that a platform in it has left.</summary>
internal sealed class TempFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kratix-e2e-");

    internal string In(string name) => Path.Combine(_folder.FullName, name);

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
