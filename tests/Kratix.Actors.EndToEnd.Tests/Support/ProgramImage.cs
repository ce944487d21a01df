namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The program as an image, made from what was built beside these tests.</summary>
public sealed class ProgramImage : IAsyncLifetime
{
    internal const string Name = "localhost/kratix-actors:demo";

    public async Task InitializeAsync() => await Command.Run("bash", [Checkout.File("eng", "images.sh"), "--program", Path.GetDirectoryName(Checkout.Program)!]);

    public Task DisposeAsync() => Task.CompletedTask;
}
