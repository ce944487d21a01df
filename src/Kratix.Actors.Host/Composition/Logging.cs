using Kratix.Actors.Host.Configuration;
using Kratix.Actors.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Kratix.Actors.Host.Composition;

/// <summary>Where log lines go: standard error, one line each, as text for people or as JSON for machines.</summary>
internal static partial class Logging
{
    /// <param name="least">Asked at each line, so that it can change.</param>
    /// <param name="format">Asked at the start and whenever <paramref name="formatMayDiffer"/> says so.</param>
    internal static ILoggerFactory Create(Func<Configuration.LogLevel> least, Func<LogFormat> format, FormatChanges formatMayDiffer) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(LogLevel.Trace);
        builder.AddFilter((category, level) => level >= Least(least()) && (level >= LogLevel.Warning || category?.StartsWith("Microsoft", StringComparison.Ordinal) != true));
        builder.AddConsole(o =>
        {
            o.LogToStandardErrorThreshold = LogLevel.Trace;
            o.FormatterName = format() == LogFormat.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
        });
        builder.Services.AddSingleton<IOptionsChangeTokenSource<ConsoleLoggerOptions>>(formatMayDiffer);
        builder.Services.Configure<JsonConsoleFormatterOptions>(o =>
        {
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
        builder.Services.Configure<SimpleConsoleFormatterOptions>(o =>
        {
            o.SingleLine = true;
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
    });

    /// <summary>By which the console's logger hears that its format is to be asked for again.</summary>
    internal sealed class FormatChanges : IOptionsChangeTokenSource<ConsoleLoggerOptions>
    {
        private CancellationTokenSource _next = new();

        public string Name => Options.DefaultName;

        public IChangeToken GetChangeToken() => new CancellationChangeToken(_next.Token);

        internal void Tell() => Interlocked.Exchange(ref _next, new CancellationTokenSource()).Cancel();
    }

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
