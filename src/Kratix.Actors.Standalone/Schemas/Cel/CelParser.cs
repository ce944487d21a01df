using Evaluate = System.Func<Kratix.Actors.Standalone.Schemas.Cel.CelScope, object?>;

namespace Kratix.Actors.Standalone.Schemas.Cel;

/// <summary>Recursive descent, one method per level of precedence; what it returns evaluates the part it read.</summary>
internal sealed class CelParser(string text)
{
    private const int MaxDepth = 50;
    private readonly List<CelToken> _tokens = CelTokens.Of(text);
    private int _at;
    private int _depth;

    private CelToken Next => _tokens[_at];

    public Evaluate Parse()
    {
        var all = Conditional();
        return Next.Kind == CelTokenKind.End ? all : throw Unexpected();
    }

    private Evaluate Conditional()
    {
        if (++_depth > MaxDepth) throw new CelException("nested too deeply");
        var test = Or();
        if (Takes("?"))
        {
            var yes = Conditional();
            Expect(":");
            var no = Conditional();
            var condition = test;
            test = s => CelValue.Truth(condition(s)) ? yes(s) : no(s);
        }
        _depth--;
        return test;
    }

    private Evaluate Or()
    {
        var left = And();
        while (Takes("||"))
        {
            var (a, b) = (left, And());
            left = s => Either(a, b, s, true);
        }
        return left;
    }

    private Evaluate And()
    {
        var left = Relation();
        while (Takes("&&"))
        {
            var (a, b) = (left, Relation());
            left = s => Either(a, b, s, false);
        }
        return left;
    }

    /// <summary>In this language <c>error || true</c> is true: an error counts only when the other side does not decide.</summary>
    private static bool Either(Evaluate a, Evaluate b, CelScope scope, bool decides)
    {
        try
        {
            if (CelValue.Truth(a(scope)) == decides) return decides;
        }
        catch (CelException)
        {
            if (CelValue.Truth(b(scope)) == decides) return decides;
            throw;
        }
        return CelValue.Truth(b(scope));
    }

    private Evaluate Relation()
    {
        var a = Sum();
        if (Next is { Kind: CelTokenKind.Name, Text: "in" })
        {
            _at++;
            var container = Sum();
            return s => CelValue.IsIn(a(s), container(s));
        }
        if (Next.Kind != CelTokenKind.Sign || Next.Text is not ("==" or "!=" or "<" or "<=" or ">" or ">=")) return a;
        var sign = _tokens[_at++].Text;
        var b = Sum();
        return sign switch
        {
            "==" => s => CelValue.AreEqual(a(s), b(s)),
            "!=" => s => !CelValue.AreEqual(a(s), b(s)),
            "<" => s => CelValue.Compare(a(s), b(s)) < 0,
            "<=" => s => CelValue.Compare(a(s), b(s)) <= 0,
            ">" => s => CelValue.Compare(a(s), b(s)) > 0,
            _ => s => CelValue.Compare(a(s), b(s)) >= 0,
        };
    }

    private Evaluate Sum() => Chain(Product, "+", "-");

    private Evaluate Product() => Chain(Unary, "*", "/", "%");

    private Evaluate Chain(Func<Evaluate> operand, params string[] signs)
    {
        var left = operand();
        while (Next.Kind == CelTokenKind.Sign && signs.Contains(Next.Text))
        {
            var op = _tokens[_at++].Text[0];
            var (a, b) = (left, operand());
            left = s => CelValue.Arithmetic(op, a(s), b(s));
        }
        return left;
    }

    private Evaluate Unary()
    {
        if (Takes("!"))
        {
            var operand = Unary();
            return s => !CelValue.Truth(operand(s));
        }
        if (Takes("-"))
        {
            var operand = Unary();
            return s => CelValue.Arithmetic('*', operand(s), operand(s) is double ? (object)-1.0 : -1L);
        }
        return Member();
    }

    private Evaluate Member()
    {
        var value = Primary();
        while (true)
        {
            var of = value;
            if (Takes("["))
            {
                var index = Conditional();
                Expect("]");
                value = s => CelValue.At(of(s), index(s));
            }
            else if (Takes("."))
            {
                var name = TakeName();
                value = Takes("(") ? Method(of, name) : s => CelValue.Field(of(s), Unescaped(name));
            }
            else return value;
        }
    }

    private Evaluate Method(Evaluate of, string name)
    {
        if (CelFunctions.IsMacro(name))
        {
            var variable = TakeName();
            Expect(",");
            var body = Conditional();
            Expect(")");
            return CelFunctions.Macro(name, of, variable, body);
        }
        return CelFunctions.Method(name, of, Arguments(")"));
    }

    private Evaluate Primary()
    {
        var token = _tokens[_at++];
        switch (token)
        {
            case { Kind: CelTokenKind.Text or CelTokenKind.Integer or CelTokenKind.Real }: return _ => token.Value;
            case { Kind: CelTokenKind.Sign, Text: "(" }:
                var inner = Conditional();
                Expect(")");
                return inner;
            case { Kind: CelTokenKind.Sign, Text: "[" }:
                var items = Arguments("]");
                return s => items.Select(i => i(s)).ToList();
            case { Kind: CelTokenKind.Name, Text: "true" }: return _ => true;
            case { Kind: CelTokenKind.Name, Text: "false" }: return _ => false;
            case { Kind: CelTokenKind.Name, Text: "null" }: return _ => null;
            case { Kind: CelTokenKind.Name, Text: "has" }: return Has();
            case { Kind: CelTokenKind.Name } when Takes("("): return CelFunctions.Function(token.Text, Arguments(")"));
            case { Kind: CelTokenKind.Name }:
                return s => s.Names.TryGetValue(token.Text, out var value) ? value : throw new CelException($"undeclared reference to '{token.Text}'");
            default:
                _at--;
                throw Unexpected();
        }
    }

    /// <summary><c>has(a.b.c)</c>: the last step may be missing, those before it may not.</summary>
    private Evaluate Has()
    {
        Expect("(");
        var start = _at;
        var whole = Member();
        if (_at - start < 3 || _tokens[_at - 1].Kind != CelTokenKind.Name || _tokens[_at - 2].Text != ".") throw new CelException("has() takes a field selection");
        Expect(")");
        return s =>
        {
            try
            {
                whole(s);
                return true;
            }
            catch (CelException e) when (e.Message.StartsWith("no such key", StringComparison.Ordinal))
            {
                return false;
            }
        };
    }

    private List<Evaluate> Arguments(string end)
    {
        var arguments = new List<Evaluate>();
        if (Takes(end)) return arguments;
        do arguments.Add(Conditional());
        while (Takes(","));
        Expect(end);
        return arguments;
    }

    /// <summary>Field names that are no identifiers arrive escaped: <c>__dash__</c>, <c>__dot__</c>, <c>__slash__</c>, <c>__namespace__</c>.</summary>
    private static string Unescaped(string name)
    {
        if (!name.Contains("__", StringComparison.Ordinal)) return name;
        var plain = name.Replace("__dash__", "-", StringComparison.Ordinal).Replace("__dot__", ".", StringComparison.Ordinal).Replace("__slash__", "/", StringComparison.Ordinal).Replace("__underscores__", "__", StringComparison.Ordinal);
        return plain.StartsWith("__", StringComparison.Ordinal) && plain.EndsWith("__", StringComparison.Ordinal) && plain.Length > 4 ? plain[2..^2] : plain;
    }

    private string TakeName() => Next.Kind == CelTokenKind.Name ? _tokens[_at++].Text : throw Unexpected();

    private bool Takes(string sign)
    {
        if (Next.Kind != CelTokenKind.Sign || Next.Text != sign) return false;
        _at++;
        return true;
    }

    private void Expect(string sign)
    {
        if (!Takes(sign)) throw Unexpected();
    }

    private CelException Unexpected() => new(Next.Kind == CelTokenKind.End ? "the expression ends too early" : $"unexpected '{Next.Text}'");
}
