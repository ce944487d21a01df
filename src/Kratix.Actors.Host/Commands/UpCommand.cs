using System.CommandLine;
using Kratix.Actors.Host.Composition;

namespace Kratix.Actors.Host.Commands;

/// <summary><c>up</c>: takes the data folder for itself and runs the platform until it is told to stop.</summary>
internal static class UpCommand
{
    internal static Command Create(Terminal terminal, IReadOnlyDictionary<string, string> environment)
    {
        var options = new SettingsOptions();
        var up = new TaughtCommand(
            "up", "Start the platform and keep it running; Ctrl-C or SIGTERM stops it in order.",
            """
            kratix-actors up                                             keep everything in ./kratix-data
            kratix-actors up --data-folder /var/lib/kratix               keep it there
            kratix-actors up --config my.conf --set kratix.api.port=0    own settings; any free port for the API
            """);
        options.AddTo(up);
        up.SetAction(async (parsed, stop) =>
        {
            var loaded = options.Load(parsed, environment);
            foreach (var warning in loaded.Warnings)
                await terminal.Error.WriteLineAsync($"warning: {warning}");
            using var folder = DataFolderLock.Take(loaded.Settings.DataFolder);
            return await Platform.Run(loaded.Settings, terminal.Out, stop);
        });
        return up;
    }
}
