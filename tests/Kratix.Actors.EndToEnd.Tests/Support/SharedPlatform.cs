using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>
/// A share in one platform for all test classes that do not need their own. Classes run beside each other, so it is started by the first who asks and
/// stopped when the last has let go; each test keeps to a <see cref="Corner"/> of its own.
/// </summary>
public sealed class SharedPlatform : IAsyncLifetime
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static int holders;
    private static TempFolder? folder;
    private static PlatformProcess? platform;

    internal PlatformProcess Platform => platform!;

    internal Kubectl Kubectl => Platform.Kubectl;

    public async Task InitializeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            if (platform is null)
            {
                folder = new TempFolder();
                platform = await PlatformProcess.Start(folder.Data);
            }

            holders++;
        }
        finally
        {
            Gate.Release();
        }
    }

    public async Task DisposeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            if (--holders > 0)
                return;
            await platform!.DisposeAsync();
            await folder!.DisposeAsync();
            platform = null;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>A Promise name, a repository and a Destination that no other test uses.</summary>
    internal Task<Corner> Corner(string name, JsonObject? destination = null) => Support.Corner.Make(Platform, folder!.In($"{name}.git"), name, destination);

    internal string FolderFor(string name) => folder!.In(name);
}
