using System.Globalization;
using System.Text;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>A container's log as Kubernetes keeps it: <c>TIME stdout|stderr F LINE</c>. Started afresh when it is full, as podman does.</summary>
internal sealed class LogWriter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _maxBytes;
    private readonly FileStream _file;

    public LogWriter(string path, TimeProvider time, long maxBytes)
    {
        _time = time;
        _maxBytes = maxBytes;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    public void Output(string line) => Write("stdout", line);

    public void Error(string line) => Write("stderr", line);

    public void Dispose()
    {
        lock (_gate) _file.Dispose();
    }

    private void Write(string stream, string text)
    {
        lock (_gate)
        {
            if (!_file.CanWrite) return; // a built-in container's late word after it was cancelled
            foreach (var line in text.Split('\n'))
            {
                if (_file.Length > _maxBytes) _file.SetLength(0);
                _file.Seek(0, SeekOrigin.End);
                _file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffffff}00Z {stream} F {line}\n")));
            }
            _file.Flush();
        }
    }
}
