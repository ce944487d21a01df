using System.Globalization;
using System.Text;

namespace Kratix.Actors.Standalone.Schemas.Cel;

internal enum CelTokenKind
{
    End,
    Name,
    Text,
    Integer,
    Real,
    Sign,
}

internal sealed record CelToken(CelTokenKind Kind, string Text, object? Value);

/// <summary>Cuts an expression into tokens.</summary>
internal static class CelTokens
{
    private static readonly string[] Signs = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "%"];

    public static List<CelToken> Of(string text)
    {
        var tokens = new List<CelToken>();
        var i = 0;
        while (i < text.Length)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c)) i++;
            else if (c is '\'' or '"') tokens.Add(Quoted(text, ref i, raw: false));
            else if (c is 'r' or 'R' && i + 1 < text.Length && text[i + 1] is '\'' or '"')
            {
                i++;
                tokens.Add(Quoted(text, ref i, raw: true));
            }
            else if (char.IsAsciiDigit(c)) tokens.Add(Number(text, ref i));
            else if (char.IsAsciiLetter(c) || c == '_') tokens.Add(Name(text, ref i));
            else if (Signs.FirstOrDefault(s => string.CompareOrdinal(text, i, s, 0, s.Length) == 0) is { } sign)
            {
                tokens.Add(new CelToken(CelTokenKind.Sign, sign, null));
                i += sign.Length;
            }
            else throw new CelException($"unexpected character '{c}' at {i + 1}");
        }
        tokens.Add(new CelToken(CelTokenKind.End, "", null));
        return tokens;
    }

    private static CelToken Name(string text, ref int i)
    {
        var start = i;
        while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '_')) i++;
        return new CelToken(CelTokenKind.Name, text[start..i], null);
    }

    private static CelToken Number(string text, ref int i)
    {
        var start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
        if (i + 1 < text.Length && text[i] == '.' && char.IsAsciiDigit(text[i + 1]))
        {
            i++;
            while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
            return new CelToken(CelTokenKind.Real, text[start..i], double.Parse(text[start..i], CultureInfo.InvariantCulture));
        }
        var digits = text[start..i];
        if (i < text.Length && text[i] is 'u' or 'U') i++;
        return long.TryParse(digits, CultureInfo.InvariantCulture, out var n)
            ? new CelToken(CelTokenKind.Integer, digits, n)
            : throw new CelException($"number {digits} is too large");
    }

    private static CelToken Quoted(string text, ref int i, bool raw)
    {
        var quote = text[i++];
        var value = new StringBuilder();
        for (; i < text.Length && text[i] != quote; i++)
        {
            if (raw || text[i] != '\\')
            {
                value.Append(text[i]);
                continue;
            }
            if (++i == text.Length) break;
            value.Append(text[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
        }
        if (i == text.Length) throw new CelException("a text is never closed");
        i++;
        return new CelToken(CelTokenKind.Text, value.ToString(), value.ToString());
    }
}
