namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>A folder that goes when the test does, unless <c>KRATIX_E2E_KEEP</c> is set, to look at what a failed test has left.</summary>
internal sealed class TempFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kratix-e2e-");

    internal string In(string name) => Path.Combine(_folder.FullName, name);

    public ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("KRATIX_E2E_KEEP") is null)
            _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
