namespace Kratix.Actors.Host.Configuration;

/// <summary>Reads HOCON text. Finds what <c>include</c> names through a function, so that built-in files and files on disk look alike.</summary>
internal sealed class HoconParser
{
    /// <summary>Given the including source and the name as written: the included source's name and text, or null when there is none.</summary>
    internal delegate (string Source, string Text)? IncludeFinder(string from, string name);

    private const string Reserved = "$\"{}[]:=,+#`^?!@*&\\";

    private readonly HoconCursor _at;
    private readonly IncludeFinder _find;
    private readonly HoconPath _includedUnder;
    private readonly IReadOnlyList<string> _including;

    private HoconParser(string source, string text, IncludeFinder find, HoconPath includedUnder, IReadOnlyList<string> including)
    {
        _at = new HoconCursor(source, text);
        _find = find;
        _includedUnder = includedUnder;
        _including = [.. including, source];
    }

    internal static HoconNode.Section Parse(string source, string text, IncludeFinder find) =>
        new HoconParser(source, text, find, HoconPath.Root, []).Document();

    internal static HoconPath ParsePath(string source, string text)
    {
        var parser = new HoconParser(source, text, (_, _) => null, HoconPath.Root, []);
        var path = parser.Path();
        return parser._at.AtEnd ? path : throw parser._at.Error($"'{text}' is not a key; a key looks like kratix.http.port");
    }

    private HoconNode.Section Document()
    {
        var root = new HoconNode.Section(_at.Origin);
        _at.SkipBlank();
        var braces = _at.TryTake("{");
        Fields(root, HoconPath.Root, braces ? '}' : '\0');
        if (braces)
            _at.SkipBlank();
        if (!_at.AtEnd)
            throw _at.Error($"'{_at.Current}' is not expected here; is a '{{' missing above?");
        return root;
    }

    private void Fields(HoconNode.Section into, HoconPath here, char close)
    {
        var opened = _at.Origin;
        while (true)
        {
            _at.SkipSeparators();
            if (_at.AtEnd)
            {
                if (close != '\0')
                    throw opened.Error($"'{{' is opened here and never closed; add '{close}'");
                return;
            }
            if (close != '\0' && _at.TryTake("}"))
                return;
            if (close == '\0' && _at.Current == '}')
                throw _at.Error("'}' closes nothing; remove it, or add the '{' it belongs to");
            if (_at.TryTakeWord("include"))
                Include(into, here);
            else
                Field(into, here);
            EndOfElement(close);
        }
    }

    private void EndOfElement(char close)
    {
        _at.SkipSpace();
        if (!_at.AtEnd && !_at.AtLineEnd && _at.Current != ',' && _at.Current != close)
            throw _at.Error($"'{_at.Current}' is not expected here; a value that holds one of {Reserved} must be in quotes, and each key needs a line or a comma");
    }

    private void Field(HoconNode.Section into, HoconPath here)
    {
        var origin = _at.Origin;
        var path = Path();
        _at.SkipSpace();
        if (!_at.AtEnd && _at.Current == '{')
        {
            into.Assign(path, Value(here.Then(path), origin));
            return;
        }
        if (_at.TryTake("+="))
        {
            var self = new HoconNode.Substitution(here.Then(path), _includedUnder, Optional: true, origin);
            var added = new HoconNode.List([Value(here.Then(path), origin)], origin);
            into.Assign(path, new HoconNode.Concatenation([self, added], origin));
            return;
        }
        if (!_at.TryTake("=") && !_at.TryTake(":"))
            throw _at.Error($"after the key {path} there must be '=', ':', '+=' or '{{'");
        into.Assign(path, Value(here.Then(path), origin));
    }

    private void Include(HoconNode.Section into, HoconPath here)
    {
        var origin = _at.Origin;
        _at.SkipSpace();
        var required = _at.TryTake("required(");
        _at.SkipSpace();
        if (_at.AtEnd || _at.Current != '"')
            throw origin.Error("after include there must be a file name in quotes, as in: include \"common.conf\"");
        var name = _at.QuotedString();
        _at.SkipSpace();
        if (required && !_at.TryTake(")"))
            throw origin.Error("required( is not closed; add ')'");
        var found = _find(origin.Source, name)
            ?? throw origin.Error($"include names \"{name}\", which is neither a file (looked for beside {origin.Source}) nor built in");
        if (_including.Contains(found.Source))
            throw origin.Error($"include goes round in a circle: {string.Join(" -> ", _including.Append(found.Source))}");
        into.Merge(new HoconParser(found.Source, found.Text, _find, _includedUnder.Then(here), _including).Document());
    }

    private HoconPath Path()
    {
        var names = new List<string>();
        do
        {
            _at.SkipSpace();
            var name = !_at.AtEnd && _at.Current == '"' ? _at.QuotedString() : _at.TakeWhile(c => c != '.' && c != '\n' && !Reserved.Contains(c)).Trim();
            if (name.Length == 0)
                throw _at.Error(_at.AtEnd ? "a key is expected here" : $"a key is expected here, not '{_at.Current}'");
            names.Add(name);
            _at.SkipSpace();
        }
        while (_at.TryTake("."));
        return new HoconPath(names);
    }

    private HoconNode Value(HoconPath here, HoconOrigin origin)
    {
        _at.SkipSpace();
        // The value of "key =" may start on the next line only when it is a section or a list; anything else there is the next key.
        if (_at.AtLineEnd && _at.NextAfterBlank() is '{' or '[')
            _at.SkipBlank();
        var parts = new List<HoconNode>();
        while (!_at.AtEnd && !_at.AtLineEnd && _at.Current is not (',' or '}' or ']'))
            parts.Add(Part(here));
        while (parts is [.., HoconNode.Gap])
            parts.RemoveAt(parts.Count - 1);
        return parts switch
        {
            [] => throw origin.Error($"{here} has no value; for an empty one write \"\", for none write null"),
            [var only] => only,
            _ => new HoconNode.Concatenation(parts, origin),
        };
    }

    private HoconNode Part(HoconPath here)
    {
        var origin = _at.Origin;
        if (_at.Current is ' ' or '\t')
            return new HoconNode.Gap(_at.TakeWhile(c => c is ' ' or '\t'), origin);
        if (_at.TryTake("\"\"\""))
            return new HoconNode.Scalar(_at.TripleQuotedRest(origin), Quoted: true, origin);
        if (_at.Current == '"')
            return new HoconNode.Scalar(_at.QuotedString(), Quoted: true, origin);
        if (_at.TryTake("${"))
            return Substitution(origin);
        if (_at.TryTake("{"))
        {
            var section = new HoconNode.Section(origin);
            Fields(section, here, '}');
            return section;
        }
        if (_at.TryTake("["))
            return List(here, origin);
        var text = _at.TakeUnquoted(Reserved);
        return text.Length > 0
            ? new HoconNode.Scalar(text, Quoted: false, origin)
            : throw _at.Error($"'{_at.Current}' cannot stand in the value of {here} without quotes");
    }

    private HoconNode.Substitution Substitution(HoconOrigin origin)
    {
        var optional = _at.TryTake("?");
        var path = Path();
        return _at.TryTake("}")
            ? new HoconNode.Substitution(path, _includedUnder, optional, origin)
            : throw origin.Error("${ is not closed; write ${key} or ${?KEY}");
    }

    private HoconNode.List List(HoconPath here, HoconOrigin origin)
    {
        var items = new List<HoconNode>();
        while (true)
        {
            _at.SkipSeparators();
            if (_at.AtEnd)
                throw origin.Error("'[' is opened here and never closed; add ']'");
            if (_at.TryTake("]"))
                return new HoconNode.List(items, origin);
            items.Add(Value(here, _at.Origin));
            EndOfElement(']');
        }
    }
}
