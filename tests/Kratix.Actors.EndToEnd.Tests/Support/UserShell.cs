using System.Text.RegularExpressions;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>What somebody types, and what they should read.</summary>
/// <param name="Line">A line of shell; <c>kubectl</c> is the program under test.</param>
/// <param name="Reads">A regular expression over standard output and error.</param>
/// <param name="Since">The minor version of kubectl that first understands it.</param>
internal sealed record Form(string Line, string Reads, int ExitCode = 0, int Since = 0);

/// <summary>A shell in a folder of its own, in which <c>kubectl</c> is one certain program, talking to one platform.</summary>
internal sealed class UserShell(string program, PlatformProcess platform, string folder)
{
    private const string Prologue = """set -e; cd "$FOLDER"; kubectl() { command "$PROGRAM" "$@"; };""";

    internal async Task<int> MinorVersion()
    {
        var said = await Type("kubectl version --client -o json");
        return int.Parse(Regex.Match(said.Output, "\"minor\": \"([0-9]+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    internal Task<Said> Type(string line)
    {
        Directory.CreateDirectory(folder);
        return Command.Try("bash", ["-c", Prologue + line], null, new Dictionary<string, string>
        {
            ["PROGRAM"] = program,
            ["FOLDER"] = folder,
            ["HOME"] = folder,
            ["KUBECONFIG"] = Path.Combine(platform.DataFolder, "kubeconfig"),
        });
    }

    /// <summary>Types each in turn; what reads differently is told together, and does not end the test before the others had their turn.</summary>
    internal async Task Expect(IEnumerable<Form> forms)
    {
        var version = await MinorVersion();
        var wrong = new List<string>();
        foreach (var form in forms.Where(f => f.Since <= version))
        {
            var said = await Type(form.Line);
            if (said.ExitCode != form.ExitCode || !Regex.IsMatch(said.All, form.Reads))
                wrong.Add($"$ {form.Line}\nended with {said.ExitCode} and said:\n{said.All}\nexpected {form.ExitCode} and: {form.Reads}\n");
        }

        Assert.True(wrong.Count == 0, $"kubectl 1.{version}, {wrong.Count} forms:\n{string.Join('\n', wrong)}");
    }
}
