using System.Globalization;
using System.Text;

namespace Kratix.Actors.StateStores.Git;

/// <summary>One line of a tree. <paramref name="Mode"/> is git's octal text (<c>100644</c>, <c>40000</c> for a directory); <paramref name="Name"/> is the bytes of the name as Latin-1.</summary>
internal readonly record struct TreeLine(string Mode, string Name, string ObjectId);

/// <summary>Reads trees and files out of a <c>git cat-file --batch</c> that stays open while a batch is planned. Only what is asked for is read.</summary>
internal sealed class TreeReader(Stream questions, Stream answers, CancellationToken cancellation) : IAsyncDisposable
{
    private const int RawIdLength = 20;

    private readonly BufferedStream _answers = new(answers, 64 * 1024);

    /// <summary>The lines of a tree, named by its object id or by an expression such as <c>COMMIT^{tree}</c>.</summary>
    /// <exception cref="BrokenCacheException">The cache does not hold it.</exception>
    public async Task<List<TreeLine>> Read(string name) => Parse(await Object(name, "tree"), name);

    /// <summary>The content of a file, by its object id.</summary>
    /// <exception cref="BrokenCacheException">The cache does not hold it.</exception>
    public Task<byte[]> ReadFile(string id) => Object(id, "blob");

    private async Task<byte[]> Object(string name, string type)
    {
        await questions.WriteAsync(Encoding.ASCII.GetBytes(name + "\n"), cancellation);
        await questions.FlushAsync(cancellation);
        var header = await ReadLine();
        if (header.Split(' ') is not [_, var found, var size] || found != type || !int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            throw new BrokenCacheException($"{type} {name} cannot be read: {header}");
        var bytes = new byte[length + 1];
        await _answers.ReadExactlyAsync(bytes, cancellation);
        return bytes[..length];
    }

    public ValueTask DisposeAsync() => _answers.DisposeAsync();

    private async Task<string> ReadLine()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _answers.ReadAsync(one, cancellation) == 1)
        {
            if (one[0] == '\n')
                return line.ToString();
            line.Append((char)one[0]);
        }

        throw new BrokenCacheException($"git cat-file ended: {line}");
    }

    private static List<TreeLine> Parse(ReadOnlySpan<byte> tree, string name)
    {
        var lines = new List<TreeLine>();
        while (!tree.IsEmpty)
        {
            var space = tree.IndexOf((byte)' ');
            var zero = tree.IndexOf((byte)0);
            if (space < 0 || zero < space || tree.Length < zero + 1 + RawIdLength)
                throw new BrokenCacheException($"tree {name} is malformed");
            lines.Add(new TreeLine(
                Encoding.ASCII.GetString(tree[..space]),
                Encoding.Latin1.GetString(tree[(space + 1)..zero]),
                Convert.ToHexStringLower(tree.Slice(zero + 1, RawIdLength))));
            tree = tree[(zero + 1 + RawIdLength)..];
        }

        return lines;
    }
}

/// <summary>The local cache cannot be used as it is. It holds nothing of its own, so it is made anew from the remote.</summary>
internal sealed class BrokenCacheException(string message) : Exception(message);
