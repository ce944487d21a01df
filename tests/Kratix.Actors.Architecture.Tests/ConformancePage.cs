using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Kratix.Actors.Architecture.Tests;

/// <summary>A promise to users and the test that keeps it. <paramref name="Test"/> is <c>Class.Method</c>, <paramref name="File"/> where it stands.</summary>
internal sealed record ConformanceClaim(string Number, string Sentence, string Test, string File)
{
    internal (char Kind, int Of) Order => (Number[0], int.Parse(Number.AsSpan(1), CultureInfo.InvariantCulture));
}

/// <summary>
/// <c>docs/conformance.md</c>: read from the attributes in the tests' sources (so that it can be checked without building every test) and from the
/// result files of a run.
/// </summary>
internal static partial class ConformancePage
{
    internal const string File = "docs/conformance.md";

    internal static IReadOnlyList<ConformanceClaim> Claims() =>
        [.. Repository.Matching("tests/", ".cs").Where(file => !file.Contains(".Architecture.Tests/", StringComparison.Ordinal)).SelectMany(ClaimsOf).OrderBy(claim => claim.Order).ThenBy(claim => claim.Test, StringComparer.Ordinal)];

    /// <summary>Reads what a page claims back from its tables, to the exclusion of the results.</summary>
    internal static IReadOnlyList<(string Number, string Sentence, string Test)> ClaimsOnPage(string page) =>
        [.. Row().Matches(page).Select(row => (row.Groups["number"].Value, row.Groups["sentence"].Value, row.Groups["test"].Value))];

    /// <summary>The results a page shows, for tests that are not run again.</summary>
    internal static IReadOnlyDictionary<string, string> ResultsOnPage(string page) =>
        Row().Matches(page).DistinctBy(row => row.Groups["test"].Value).ToDictionary(row => row.Groups["test"].Value, row => row.Groups["result"].Value);

    /// <param name="claims">What is claimed.</param>
    /// <param name="results">Outcome by <c>Class.Method</c>, see <see cref="Results"/>.</param>
    internal static string Write(IReadOnlyList<ConformanceClaim> claims, IReadOnlyDictionary<string, string> results)
    {
        var page = new StringBuilder(
            """
            # Conformance

            What this engine promises, and the test that keeps each promise. Written by `eng/conformance.sh` from the tests and their last full run; a test fails when
            this page and the tests disagree. A number may have several tests; a number that is not here is not claimed.
            `dotnet test --filter Conformance=R19` runs the tests of one number.

            """);
        Section(page, "Contract", "What it promises beyond Kratix, or differently.", claims.Where(claim => claim.Number[0] == 'K'), results);
        Section(page, "Features of Kratix", "What users of Kratix know.", claims.Where(claim => claim.Number[0] == 'R'), results);
        return page.ToString();
    }

    /// <summary>The worst outcome of each test over all result files (<c>*.trx</c>) of a folder.</summary>
    internal static IReadOnlyDictionary<string, string> Results(string folder)
    {
        var results = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.trx", SearchOption.AllDirectories))
        {
            var run = XDocument.Load(file);
            XNamespace ns = run.Root!.Name.Namespace;
            var outcomes = run.Descendants(ns + "UnitTestResult").ToLookup(result => (string)result.Attribute("testId")!, result => (string?)result.Attribute("outcome") ?? "");
            foreach (var test in run.Descendants(ns + "UnitTest"))
            {
                var method = test.Element(ns + "TestMethod")!;
                var name = $"{((string)method.Attribute("className")!).Split('.', '+')[^1]}.{((string)method.Attribute("name")!).Split('(')[0]}";
                foreach (var outcome in outcomes[(string)test.Attribute("id")!].Select(Word))
                    if (!results.TryGetValue(name, out var before) || Severity(outcome) > Severity(before))
                        results[name] = outcome;
            }
        }
        return results;

        static string Word(string outcome) => outcome switch
        {
            "Passed" => "passed",
            "NotExecuted" => "skipped",
            _ => "failed",
        };
        static int Severity(string outcome) => Array.IndexOf(["passed", "skipped", "failed"], outcome);
    }

    private static void Section(StringBuilder page, string title, string lead, IEnumerable<ConformanceClaim> claims, IReadOnlyDictionary<string, string> results)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n{lead}\n\n| number | sentence | test | result |\n|---|---|---|---|\n");
        foreach (var claim in claims)
            page.Append(CultureInfo.InvariantCulture, $"| {claim.Number} | {claim.Sentence} | [{claim.Test}](../{claim.File}) | {ResultOf(claim.Test, results)} |\n");
    }

    // A suite that several classes inherit is claimed by its base class and run under its heirs' names.
    private static string ResultOf(string test, IReadOnlyDictionary<string, string> results)
    {
        if (results.TryGetValue(test, out var result))
            return result;
        var method = test[test.IndexOf('.', StringComparison.Ordinal)..];
        var inherited = results.Where(other => other.Key.EndsWith(method, StringComparison.Ordinal)).Select(other => other.Value).ToList();
        return inherited.Count == 0 ? "not run" : inherited.Contains("failed") ? "failed" : inherited[0];
    }

    internal static IEnumerable<ConformanceClaim> ClaimsOf(string file) => ClaimsIn(Repository.Text(file), file);

    internal static IEnumerable<ConformanceClaim> ClaimsIn(string source, string file)
    {
        foreach (Match claim in Attribute().Matches(source))
        {
            var method = Method().Match(source, claim.Index + claim.Length);
            var type = Class().Matches(source[..claim.Index]).LastOrDefault();
            if (!method.Success || type is null)
                throw new InvalidOperationException($"{file}: the claim {claim.Groups["number"].Value} stands on no test");
            var sentence = string.Concat(Literal().Matches(claim.Groups["sentence"].Value).Select(part => Regex.Unescape(part.Groups[1].Value)));
            yield return new ConformanceClaim(claim.Groups["number"].Value, sentence.Replace("|", "\\|", StringComparison.Ordinal), $"{type.Groups[1].Value}.{method.Groups[1].Value}", file);
        }
    }

    [GeneratedRegex("""^[^"\n/]*\bConformance\(\s*"(?<number>[RK][0-9]+)",\s*(?<sentence>"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*)\s*\)""", RegexOptions.Multiline)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Literal();

    [GeneratedRegex(@"^\s*public [^=;{]*?\b(\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Method();

    [GeneratedRegex(@"\bclass (\w+)")]
    private static partial Regex Class();

    [GeneratedRegex(@"^\| (?<number>[RK][0-9]+) \| (?<sentence>.*?) \| \[(?<test>[^\]]+)\]\([^)]*\) \| (?<result>[a-z ]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
