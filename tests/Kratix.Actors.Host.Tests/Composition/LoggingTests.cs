using System.Text.Json;
using Kratix.Actors.Host.Composition;
using Kratix.Actors.Host.Configuration;
using Microsoft.Extensions.Logging;
using LogLevel = Kratix.Actors.Host.Configuration.LogLevel;

namespace Kratix.Actors.Host.Tests.Composition;

[CollectionDefinition(nameof(LoggingTests), DisableParallelization = true)]
public sealed class LoggingCollection;

/// <summary>The process has one standard error; no other test runs while these look at it.</summary>
[Collection(nameof(LoggingTests))]
public sealed class LoggingTests
{
    [Fact]
    public void Log_level_can_change_while_the_program_runs()
    {
        var least = LogLevel.Warning;
        using var log = Logging.Create(() => least, () => LogFormat.Text, new Logging.FormatChanges());
        var (engine, framework) = (log.CreateLogger("Kratix.Actors"), log.CreateLogger("Microsoft.AspNetCore"));
        Assert.False(engine.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information));

        least = LogLevel.Debug;

        Assert.True(engine.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug));
        Assert.False(framework.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information));
    }

    [Fact]
    public void Format_can_change_while_the_program_runs()
    {
        var (format, changes) = (LogFormat.Text, new Logging.FormatChanges());
        var before = Console.Error;
        using var written = new StringWriter();
        Console.SetError(TextWriter.Synchronized(written));
        try
        {
            // Ended: all lines are written.
            using var log = Logging.Create(() => LogLevel.Info, () => format, changes);
            var engine = log.CreateLogger("Kratix.Actors");
            engine.LogInformation(7, "the first");
            format = LogFormat.Json;
            changes.Tell();
            engine.LogInformation(7, "the second");
            format = LogFormat.Text;
            changes.Tell();
            engine.LogInformation(7, "the third");
        }
        finally
        {
            Console.SetError(before);
        }

        var lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.EndsWith("info: Kratix.Actors[7] the first", lines[0], StringComparison.Ordinal);
        Assert.Equal("the second", JsonDocument.Parse(lines[1]).RootElement.GetProperty("Message").GetString());
        Assert.EndsWith("info: Kratix.Actors[7] the third", lines[2], StringComparison.Ordinal);
    }
}
