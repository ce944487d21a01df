namespace Kratix.Actors.Engine.Pipelines;

/// <summary>
/// A tar on its way in, read once and forwards. It knows whether the archive was ended as one: a reader takes a connection that broke between two
/// entries, or before the first, for the end, and files that never arrived would be taken for files that are not wanted any more.
/// </summary>
internal sealed class ArchiveStream(Stream inner) : Stream
{
    private const int Block = 512;
    private long _zeros;

    /// <summary>Whether the last thing read was an empty block, as at the end of every archive.</summary>
    internal bool HasEnded => _zeros >= Block;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        Count(buffer[..read]);
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Count(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Count(ReadOnlySpan<byte> read)
    {
        var last = read.LastIndexOfAnyExcept((byte)0);
        _zeros = last < 0 ? _zeros + read.Length : read.Length - last - 1;
    }
}
