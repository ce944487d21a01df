using System.Globalization;
using System.Text;

namespace Kratix.Actors.Host.Configuration;

/// <summary>A position in a HOCON text that always knows its line.</summary>
internal sealed class HoconCursor(string source, string text)
{
    private readonly string _text = text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimStart('\uFEFF');
    private int _position;
    private int _line = 1;

    internal bool AtEnd => _position >= _text.Length;

    internal char Current => _text[_position];

    internal HoconOrigin Origin => new(source, _line);

    /// <summary>At a line break or at a comment, which ends a line as well.</summary>
    internal bool AtLineEnd => AtEnd || Current is '\n' or '#' || Sees("//");

    internal ConfigurationException Error(string message) => Origin.Error(message);

    internal bool TryTake(string expected)
    {
        if (!Sees(expected))
            return false;
        Advance(expected.Length);
        return true;
    }

    /// <summary>Takes the word when it stands alone, followed by a blank: a key may begin with the same letters.</summary>
    internal bool TryTakeWord(string word) =>
        Sees(word) && _position + word.Length < _text.Length && _text[_position + word.Length] is ' ' or '\t' && TryTake(word);

    internal string TakeWhile(Func<char, bool> condition)
    {
        var start = _position;
        while (!AtEnd && condition(Current))
            Advance(1);
        return _text[start.._position];
    }

    internal string TakeUnquoted(string reserved)
    {
        var start = _position;
        while (!AtEnd && !AtLineEnd && Current is not (' ' or '\t') && !reserved.Contains(Current, StringComparison.Ordinal))
            Advance(1);
        return _text[start.._position];
    }

    internal void SkipSpace() => TakeWhile(c => c is ' ' or '\t');

    /// <summary>Skips blanks, line breaks and comments.</summary>
    internal void SkipBlank()
    {
        while (true)
        {
            TakeWhile(char.IsWhiteSpace);
            if (AtEnd || !AtLineEnd)
                return;
            TakeWhile(c => c != '\n');
        }
    }

    internal void SkipSeparators()
    {
        do
            SkipBlank();
        while (TryTake(","));
    }

    /// <summary>The first character after blanks, line breaks and comments, without moving; '\0' at the end.</summary>
    internal char NextAfterBlank()
    {
        var (position, line) = (_position, _line);
        SkipBlank();
        var next = AtEnd ? '\0' : Current;
        (_position, _line) = (position, line);
        return next;
    }

    internal string QuotedString()
    {
        var origin = Origin;
        Advance(1);
        var content = new StringBuilder();
        while (true)
        {
            if (AtEnd || Current == '\n')
                throw origin.Error("the quote opened here is not closed on its line; close it, or use \"\"\" for text of several lines");
            var c = Take();
            if (c == '"')
                return content.ToString();
            content.Append(c == '\\' ? Escape(origin) : c.ToString());
        }
    }

    internal string TripleQuotedRest(HoconOrigin origin)
    {
        var end = _text.IndexOf("\"\"\"", _position, StringComparison.Ordinal);
        if (end < 0)
            throw origin.Error("the \"\"\" opened here is never closed");
        // More than three quotes at the end belong to the text, as in """say "hi"""".
        while (end + 3 < _text.Length && _text[end + 3] == '"')
            end++;
        var content = _text[_position..end];
        Advance(end + 3 - _position);
        return content;
    }

    private string Escape(HoconOrigin origin)
    {
        var c = AtEnd ? '\n' : Take();
        if (c == 'u' && _position + 4 <= _text.Length && ushort.TryParse(_text.AsSpan(_position, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code))
        {
            Advance(4);
            return ((char)code).ToString();
        }
        return c switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'b' => "\b",
            'f' => "\f",
            '"' or '\\' or '/' => c.ToString(),
            _ => throw origin.Error($"'\\{c}' is not an escape; these are: \\n \\t \\r \\b \\f \\\" \\\\ \\/ \\uXXXX"),
        };
    }

    private char Take()
    {
        var c = Current;
        Advance(1);
        return c;
    }

    private bool Sees(string expected) => string.CompareOrdinal(_text, _position, expected, 0, expected.Length) == 0;

    private void Advance(int count)
    {
        for (var end = _position + count; _position < end; _position++)
            if (_text[_position] == '\n')
                _line++;
    }
}
