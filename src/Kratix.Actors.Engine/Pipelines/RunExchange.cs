using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Engine.Persistence;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// Where a run's containers fetch their object and hand in their output. Tokens are derived from a key that survives restarts, so a Pod that was
/// started before one still gets in; what it hands in is kept under the run's id, whether or not anybody waits for it yet.
/// </summary>
public sealed class RunExchange(IContentStore content, EngineSettings settings) : IRunExchange
{
    private readonly ConcurrentDictionary<string, Func<CancellationToken, Task<Outcome<ReadOnlyMemory<byte>>>>> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RunTurn> _turns = new(StringComparer.Ordinal);
    private readonly OutputReader _reader = new(content, settings.Output);

    public string TokenOf(string runId) => Convert.ToHexStringLower(HMACSHA256.HashData(settings.ExchangeKey.Span, Encoding.UTF8.GetBytes(runId)));

    public string UrlOf(string runId) => $"{settings.ExchangeUrl}/runs/{runId}";

    /// <summary>Lets the run fetch its object from now on.</summary>
    internal void Offer(string runId, Func<CancellationToken, Task<Outcome<ReadOnlyMemory<byte>>>> objectYaml) => _objects[runId] = objectYaml;

    /// <summary>Lets the run's writer ask from now on whether the containers beside it have ended.</summary>
    internal void Offer(string runId, RunTurn turn) => _turns[runId] = turn;

    internal void Withdraw(string runId)
    {
        _objects.TryRemove(runId, out _);
        _turns.TryRemove(runId, out _);
    }

    public Task<Outcome<ReadOnlyMemory<byte>>> Object(string runId, string token, CancellationToken cancellation)
    {
        if (!Admits(runId, token))
            return Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Terminal(Refusal.Unauthorized, "that token is not this run's"));
        return _objects.TryGetValue(runId, out var objectYaml)
            ? objectYaml(cancellation)
            : Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Outcome<ReadOnlyMemory<byte>>.Terminal(Refusal.NotFound, "the engine has not taken up this run"));
    }

    public Task<Outcome<Nothing>> Turn(string runId, string token, CancellationToken cancellation)
    {
        if (!Admits(runId, token))
            return Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Terminal(Refusal.Unauthorized, "that token is not this run's"));
        return _turns.TryGetValue(runId, out var turn)
            ? turn.Come(cancellation)
            : Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Terminal(Refusal.NotFound, "the engine has not taken up this run"));
    }

    public async Task<Outcome<Nothing>> Submit(string runId, string token, Stream tar, CancellationToken cancellation)
    {
        if (!Admits(runId, token))
            return new Outcome<Nothing>.Terminal(Refusal.Unauthorized, "that token is not this run's");
        if (await content.GetRun(runId, cancellation) is not null)
            return new Outcome<Nothing>.Done(default);
        RunManifest manifest;
        IReadOnlyList<ReadOnlyMemory<byte>> unstored = [];
        try
        {
            (var output, unstored) = await _reader.Read(tar, cancellation);
            manifest = new RunManifest(output, null);
        }
        catch (OutputRefusedException refused)
        {
            manifest = new RunManifest(null, refused.Message);
        }
        catch (InvalidDataException broken)
        {
            manifest = new RunManifest(null, $"what the run handed in cannot be read: {broken.Message}");
        }
        catch (EndOfStreamException cut)
        {
            return new Outcome<Nothing>.Transient($"the archive ended early: {cut.Message}");
        }

        await content.PutRun(runId, Codec.Write(manifest), unstored, cancellation);
        return new Outcome<Nothing>.Done(default);
    }

    private bool Admits(string runId, string token) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(TokenOf(runId)), Encoding.UTF8.GetBytes(token));
}
