using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kernel;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Kratix.Actors.Host.Composition;

/// <summary>Where log lines go: standard error, one line each, as text for people or as JSON for machines.</summary>
internal static partial class Logging
{
    /// <param name="least">Asked at each line, so that it can change.</param>
    internal static ILoggerFactory Create(LogSettings settings, Func<Configuration.LogLevel> least) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(LogLevel.Trace);
        builder.AddFilter((category, level) => level >= Least(least()) && (level >= LogLevel.Warning || category?.StartsWith("Microsoft", StringComparison.Ordinal) != true));
        if (settings.Format == LogFormat.Json)
        {
            builder.AddJsonConsole(o =>
            {
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            builder.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
        }

        builder.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    });

    private static LogLevel Least(Configuration.LogLevel level) => level switch
    {
        Configuration.LogLevel.Debug => LogLevel.Debug,
        Configuration.LogLevel.Info => LogLevel.Information,
        Configuration.LogLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    /// <summary>The kernel knows no logger; what it has to say comes as values.</summary>
    internal static Action<KernelLogEvent> OfKernel(ILoggerFactory factory)
    {
        var logger = factory.CreateLogger("Kratix.Actors.Kernel");
        return e => LogKernel(logger, e.Cause, e.Kind, e.Path, e.Detail);
    }

    [LoggerMessage(4001, LogLevel.Warning, "{Kind} at {Path}: {Detail}")]
    private static partial void LogKernel(ILogger logger, Exception? cause, KernelEventKind kind, string path, string detail);
}
