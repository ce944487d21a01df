using System.Text.RegularExpressions;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>A document that points at something that has moved misleads; so links are tested like code.</summary>
public sealed partial class DocumentLinkTests
{
    [Fact]
    public void Relative_links_lead_to_something() => Assert.Empty(
        from document in Repository.Matching("", ".md")
        from link in Links(Repository.Text(document))
        where !Leads(document, link)
        select $"{document}: {link}");

    [Fact]
    public void Fragments_lead_to_a_heading() => Assert.Empty(
        from document in Repository.Matching("", ".md")
        from link in Links(Repository.Text(document))
        where link.Contains('#', StringComparison.Ordinal) && !link.Contains("#L", StringComparison.Ordinal) && Leads(document, link)
        let target = link.StartsWith('#') ? document : Path.GetRelativePath(Repository.Root, Target(document, link))
        where target.EndsWith(".md", StringComparison.Ordinal) && !Anchors(Repository.Text(target)).Contains(link[(link.IndexOf('#', StringComparison.Ordinal) + 1)..])
        select $"{document}: {link}");

    [Fact]
    public void The_architecture_page_walks_through_the_code()
    {
        if (!Repository.Files.Contains("ARCHITECTURE.md"))
            return;
        Assert.Contains(Links(Repository.Text("ARCHITECTURE.md")), link => link.Contains("src/", StringComparison.Ordinal));
    }

    [Fact]
    public void Tests_named_behind_a_link_are_in_the_file_it_leads_to() => Assert.Empty(
        from document in Repository.Matching("", ".md")
        from Match claim in ClaimedTests().Matches(Repository.Text(document))
        where Leads(document, claim.Groups["file"].Value)
        let source = File.ReadAllText(Target(document, claim.Groups["file"].Value))
        from Capture test in claim.Groups["test"].Captures
        where !source.Contains($" {test.Value}(", StringComparison.Ordinal)
        select $"{document}: {claim.Groups["file"].Value} has no {test.Value}");

    private static IEnumerable<string> Links(string text) =>
        Link().Matches(Fenced().Replace(text, "")).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal));

    private static bool Leads(string document, string link) => link.StartsWith('#') || Path.Exists(Target(document, link));

    private static string Target(string document, string link) =>
        Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, Uri.UnescapeDataString(link.Split('#')[0])));

    // As the usual Git hosts make them: lower case, punctuation dropped, blanks become dashes.
    private static HashSet<string> Anchors(string text) =>
        [.. Heading().Matches(Fenced().Replace(text, "")).Select(match => NotInAnchors().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();

    // [Class](path.cs) `One_test`, `another_test`
    [GeneratedRegex(@"\[[^\]]*\]\((?<file>[^)]+\.cs)\)(?:,? `(?<test>\w+)`)+")]
    private static partial Regex ClaimedTests();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NotInAnchors();
}
