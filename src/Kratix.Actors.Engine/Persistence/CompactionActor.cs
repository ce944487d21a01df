using Kratix.Actors.Kernel;
using Kratix.Actors.Ports.Journal;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Engine.Persistence;

/// <summary>What the compaction is told.</summary>
public abstract record CompactionMessage
{
    public sealed record Begin : CompactionMessage;

    public sealed record Done(CompactionReport Report) : CompactionMessage;

    public sealed record Failed(Exception Cause) : CompactionMessage;
}

/// <summary>
/// From time to time takes out of the content store what no state and no run that is owed refers to. Events are left alone: the audit goes on telling which
/// files there were, with their digests. One that fails or is broken off has removed a part of what may go; the next one begins anew.
/// </summary>
internal sealed partial class CompactionActor(World world, CompactionSettings settings) : Actor<CompactionMessage>
{
    private const string Timer = "compaction";
    private readonly CancellationTokenSource _stop = new();

    protected override void PreStart() => Next();

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    protected override void Receive(CompactionMessage message)
    {
        switch (message)
        {
            case CompactionMessage.Begin:
                Context.PipeToSelf<CompactionReport>(Compact(_stop.Token), report => new CompactionMessage.Done(report), e => new CompactionMessage.Failed(e));
                break;
            case CompactionMessage.Done { Report: var report }:
                if (report != new CompactionReport(0, 0, 0))
                    LogDone(world.Log, report.Contents, report.Bytes, report.Runs);
                Next();
                break;
            case CompactionMessage.Failed { Cause: var cause }:
                LogFailed(world.Log, cause.Message);
                Next();
                break;
            default:
                throw new InvalidOperationException($"unknown message {message.GetType()}");
        }
    }

    private async Task<CompactionReport> Compact(CancellationToken stop)
    {
        // Before the references are read: what is put while they are read counts as young.
        var unusedSince = world.Now - settings.MinAge;
        return await world.Content.Compact(await References.Collect(world.Journal, world.Content, stop), unusedSince, stop);
    }

    private void Next() => Context.Timers.StartSingle(Timer, new CompactionMessage.Begin(), settings.Interval);

    [LoggerMessage(1501, LogLevel.Information, "Compaction removed {Contents} contents ({Bytes} bytes) and {Runs} manifests that nobody refers to")]
    private static partial void LogDone(ILogger logger, long contents, long bytes, long runs);

    [LoggerMessage(1502, LogLevel.Warning, "Compaction ended early and begins anew next time: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
