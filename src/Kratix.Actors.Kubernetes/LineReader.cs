namespace Kratix.Actors.Kubernetes;

/// <summary>Lines of a stream, of bounded length. A last line without its end is not told: it is the front half of something.</summary>
internal sealed class LineReader(Stream stream, int maxLength)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line that is not empty, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="LineTooLongException">The line is longer than allowed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> Next(CancellationToken cancellation)
    {
        var searched = _start;
        while (true)
        {
            var found = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + found - _start);
                _start = searched = searched + found + 1;
                if (line.Length > 0 && line.Span[^1] == (byte)'\r')
                    line = line[..^1];
                if (line.Length > 0)
                    return line;
                continue;
            }

            MakeRoom();
            searched = _end;
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
                return null;
            _end += read;
        }
    }

    private void MakeRoom()
    {
        var held = _end - _start;
        if (held > maxLength)
            throw new LineTooLongException(maxLength);
        if (_start > 0)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
            (_start, _end) = (0, held);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}

internal sealed class LineTooLongException(int limit) : Exception($"an event is longer than the {limit} bytes that are accepted");
