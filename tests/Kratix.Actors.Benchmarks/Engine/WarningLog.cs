using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Benchmarks.Engine;

/// <summary>Counts warnings and errors: figures of an engine in trouble are no figures.</summary>
internal sealed class WarningLog : ILogger
{
    private int _count;
    private string? _first;

    internal int Count => _count;

    internal string? First => _first;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        Interlocked.CompareExchange(ref _first, formatter(state, exception), null);
        Interlocked.Increment(ref _count);
    }
}
