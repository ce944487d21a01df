using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Tests.Configuration;

public sealed class HoconTests
{
    [Theory]
    [InlineData("a = 1", "{a: 1}")]
    [InlineData("a : 1, b : two words # comment\nc = \"//\" // comment", "{a: 1, b: two words, c: //}")]
    [InlineData("{ a { b.c = x\n d = y } }", "{a: {b: {c: x}, d: y}}")]
    [InlineData("a = [1, 2\n 3,]", "{a: [1, 2, 3]}")]
    [InlineData("a = \"x\\n\\u0041\\\"\"", "{a: x\nA\"}")]
    [InlineData("a = \"\"\"say \"hi\" \\n\"\"\"\"", "{a: say \"hi\" \\n\"}")]
    [InlineData("hosts.\"github.com\" = 6", "{hosts: {\"github.com\": 6}}")]
    [InlineData("a = null\nb = \"null\"", "{a: null, b: null}")]
    [InlineData("", "{}")]
    public void Parse_reads(string text, string expected) => Assert.Equal(expected, Resolve(text).Display);

    [Theory]
    [InlineData("a { x = 1 }, a { y = 2 }", "{a: {x: 1, y: 2}}")]
    [InlineData("a { x = 1 }, a = 5, a { y = 2 }", "{a: {y: 2}}")]
    [InlineData("a { x = 1 }, a = null", "{a: null}")]
    [InlineData("a = 1, a = 2", "{a: 2}")]
    [InlineData("a { b { x = 1 } }, a.b.x = 2, a.b.y = 3", "{a: {b: {x: 2, y: 3}}}")]
    [InlineData("a = [1], a += 2, a += ${b}, b = 3", "{a: [1, 2, 3], b: 3}")]
    [InlineData("a += 1", "{a: [1]}")]
    public void Assigning_twice_merges_sections_and_replaces_the_rest(string text, string expected) => Assert.Equal(expected, Resolve(text).Display);

    [Theory]
    [InlineData("a = ${b}, b = 1", "{a: 1, b: 1}")]
    [InlineData("b = 1, a = ${b}, b = 2", "{b: 2, a: 2}")]
    [InlineData("a = x ${b.c} y, b { c = \"1  2\" }", "{a: x 1  2 y, b: {c: 1  2}}")]
    [InlineData("a = 5, a = ${?MISSING}", "{a: 5}")]
    [InlineData("a = ${?MISSING}", "{}")]
    [InlineData("a = ${?HOME_OF}", "{a: /home/of}")]
    [InlineData("a = ${HOME_OF}/data", "{a: /home/of/data}")]
    [InlineData("path = [1], path = ${path} [2]", "{path: [1, 2]}")]
    [InlineData("base { x = 1, y = 1 }, a = ${base} { y = 2 }", "{base: {x: 1, y: 1}, a: {x: 1, y: 2}}")]
    [InlineData("base { x = 1 }, a = ${base}, a { y = 2 }", "{base: {x: 1}, a: {x: 1, y: 2}}")]
    [InlineData("k { a = ${k.b}, b = ${k.c.d}, c { d = 7 } }", "{k: {a: 7, b: 7, c: {d: 7}}}")]
    public void Substitution_takes_the_final_value_of_what_it_names(string text, string expected) => Assert.Equal(expected, Resolve(text).Display);

    [Theory]
    [InlineData("a = 1\nb = ${c}", "test.conf:2: ${c} is neither a key nor an environment variable; write ${?c} if it may be absent")]
    [InlineData("a = ${a}", "test.conf:1: ${a} refers to itself and there is no earlier value")]
    [InlineData("a = ${b}\nb = ${a}", "refers to itself")]
    [InlineData("a = {\n b = 1\n", "test.conf:1: '{' is opened here and never closed; add '}'")]
    [InlineData("a = 1\n}", "test.conf:2: '}' closes nothing")]
    [InlineData("a = [1, 2", "test.conf:1: '[' is opened here and never closed; add ']'")]
    [InlineData("\n\na = \"x\n", "test.conf:3: the quote opened here is not closed on its line")]
    [InlineData("a = \"\"\"x", "test.conf:1: the \"\"\" opened here is never closed")]
    [InlineData("a = \"\\q\"", "'\\q' is not an escape")]
    [InlineData("a\nb = 1", "test.conf:1: after the key a there must be '=', ':', '+=' or '{'")]
    [InlineData("a =\nb = 1", "test.conf:1: a has no value; for an empty one write \"\", for none write null")]
    [InlineData("a = http://x", "test.conf:1: ':' cannot stand in the value of a without quotes")]
    [InlineData("a = 1 \"b\" ]", "test.conf:1: ']' is not expected here; a value that holds one of")]
    [InlineData("a = 1 [2]", "test.conf:1: a joins a list with a plain value; only values of one kind can be joined")]
    [InlineData("a = ${b", "${ is not closed; write ${key} or ${?KEY}")]
    [InlineData("= 1", "test.conf:1: a key is expected here, not '='")]
    [InlineData("include other.conf", "after include there must be a file name in quotes")]
    [InlineData("# first\ninclude \"other.conf\"", "test.conf:2: include names \"other.conf\", which is neither a file")]
    public void A_text_that_cannot_be_read_is_refused_with_file_line_and_remedy(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Resolve(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Include_merges_the_other_file_where_it_stands_and_its_references_find_their_own_neighbours()
    {
        var files = new Dictionary<string, string>
        {
            ["main.conf"] = "before = 1\npart { x = 0, include \"part.conf\" }\ninclude required(\"top.conf\")",
            ["part.conf"] = "x = 1, y = ${x}, z = ${before}",
            ["top.conf"] = "before = 2",
        };
        var value = Resolve(files["main.conf"], "main.conf", (_, name) => files.TryGetValue(name, out var text) ? (name, text) : null);
        Assert.Equal("{before: 2, part: {x: 1, y: 1, z: 2}}", value.Display);
        Assert.Equal("part.conf:1", value.Find(new HoconPath(["part", "x"]))!.Origin.ToString());
    }

    [Fact]
    public void Include_of_a_file_that_includes_it_is_refused_with_the_circle()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Resolve("include \"test.conf\"", "test.conf", (_, name) => (name, "include \"test.conf\"")));
        Assert.Contains("test.conf:1: include goes round in a circle: test.conf -> test.conf", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_begins_with_include_is_a_key() => Assert.Equal("{include-all: 1}", Resolve("include-all = 1").Display);

    private static HoconValue.Section Resolve(string text, string source = "test.conf", HoconParser.IncludeFinder? find = null) =>
        HoconResolver.Resolve(HoconParser.Parse(source, text, find ?? ((_, _) => null)), new Dictionary<string, string> { ["HOME_OF"] = "/home/of" });
}
