using System.Text.Json.Nodes;
using Kratix.Actors.Core.Documents;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Core.Tests.Documents;

public sealed class StatusDocumentTests
{
    [Theory]
    [Conformance("K10", "status.yaml merges maps deeply, takes away with null, and merges conditions by type.")]
    [Conformance("R68", "Keys of earlier runs persist; the same key is replaced.")]
    [InlineData(null, null, null)]
    [InlineData(null, "{'a':1}", "{'a':1}")]
    [InlineData("{'a':1}", null, "{'a':1}")]
    [InlineData("{'a':1}", "{'b':2}", "{'a':1,'b':2}")]
    [InlineData("{'a':1}", "{'a':[2]}", "{'a':[2]}")]
    [InlineData("{'a':{'b':1,'c':2}}", "{'a':{'c':3,'d':{'e':4}}}", "{'a':{'b':1,'c':3,'d':{'e':4}}}")]
    [InlineData("{'a':{'b':1,'c':2}}", "{'a':{'c':null}}", "{'a':{'b':1}}")]
    [InlineData("{'a':1,'b':2}", "{'a':null,'c':null}", "{'b':2}")]
    [InlineData("{'a':1}", "{'a':null}", null)]
    [InlineData("{'a':'text'}", "{'a':{'b':1}}", "{'a':{'b':1}}")]
    [InlineData("{'a':[1,2]}", "{'a':[3]}", "{'a':[3]}")]
    [InlineData(
        "{'conditions':[{'type':'A','status':'False'},{'type':'B','status':'True'}]}", "{'conditions':[{'type':'A','status':'True'},{'type':'C','status':'True'}]}",
        "{'conditions':[{'type':'B','status':'True'},{'type':'A','status':'True'},{'type':'C','status':'True'}]}")]
    [InlineData("{'a':{'conditions':[{'type':'A'}]}}", "{'a':{'conditions':[{'type':'B'}]}}", "{'a':{'conditions':[{'type':'B'}]}}")]
    public void Merge_follows_the_table(string? before, string? added, string? merged) =>
        Assert.Equal(Quoted(merged), StatusDocument.Merge(Quoted(before), Quoted(added)));

    [Fact]
    public void Merge_twice_is_merge_once()
    {
        const string before = """{"a":{"b":1},"conditions":[{"type":"A","status":"False"}]}""";
        const string added = """{"a":{"c":2},"conditions":[{"type":"A","status":"True"}]}""";
        var once = StatusDocument.Merge(before, added);
        Assert.Equal(once, StatusDocument.Merge(once, added));
    }

    [Fact]
    public void WithoutMessage_keeps_everything_else()
    {
        Assert.Equal("""{"a":1}""", StatusDocument.WithoutMessage("""{"message":"ready","a":1}"""));
        Assert.Null(StatusDocument.WithoutMessage("""{"message":"ready"}"""));
        Assert.Null(StatusDocument.WithoutMessage(null));
    }

    [Theory]
    [InlineData("""{"b":1,"a":{"d":[{"y":1,"x":2}],"c":null}}""", """{"a":{"c":null,"d":[{"x":2,"y":1}]},"b":1}""")]
    [InlineData("null", "null")]
    [InlineData("""[2,1]""", """[2,1]""")]
    public void Canonical_text_sorts_keys_and_nothing_else(string written, string canonical) => Assert.Equal(canonical, Canonical.Text(JsonNode.Parse(written)));

    private static string? Quoted(string? text) => text?.Replace('\'', '"');
}
