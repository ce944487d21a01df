using System.Buffers;
using System.Text.Json;

namespace Kratix.Actors.Core.Documents;

/// <summary>
/// Where one thread writes JSON, one document after the other: only what is kept of a document is allocated. Keep it in a <c>[ThreadStatic]</c> field, and
/// do not begin a document while another is being written.
/// </summary>
public sealed class JsonBuffer
{
    /// <summary>What a rare large document needed is given back.</summary>
    private const int MostKept = 256 * 1024;

    private readonly Utf8JsonWriter _writer;
    private ArrayBufferWriter<byte> _bytes = new();

    public JsonBuffer(JsonWriterOptions options) => _writer = new Utf8JsonWriter(_bytes, options);

    /// <summary>The document as far as the writer was flushed, until the next one begins.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public Utf8JsonWriter Begin()
    {
        if (_bytes.Capacity > MostKept)
            _bytes = new ArrayBufferWriter<byte>();
        _bytes.ResetWrittenCount();
        _writer.Reset(_bytes);
        return _writer;
    }
}
