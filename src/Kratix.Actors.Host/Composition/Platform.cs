using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Composition;

/// <summary>The whole platform, put together.</summary>
internal static class Platform
{
    /// <summary>Runs until <paramref name="stop"/>; answers the process's exit code.</summary>
    internal static async Task<int> Run(KratixSettings settings, TextWriter output, CancellationToken stop)
    {
        await output.WriteLineAsync($"data folder {Path.GetFullPath(settings.DataFolder)}");
        var stopped = new TaskCompletionSource();
        await using (stop.Register(stopped.SetResult))
            await stopped.Task;
        return Commands.ExitCode.Ok;
    }
}
