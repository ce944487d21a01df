using System.Text.RegularExpressions;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Kratix.Actors.Testing;

/// <summary>
/// Says which promise to users a test keeps. Numbers are <c>R19</c> (the reference's feature 19) and <c>K19</c> (line 19 of the contract that this project
/// adds to it). <c>docs/conformance.md</c> is made of these, and <c>dotnet test --filter Conformance=R19</c> runs them.
/// </summary>
/// <example><c>[Fact, Conformance("R19", "A changed spec runs the configure workflow again from its first Pipeline.")]</c></example>
[TraitDiscoverer("Kratix.Actors.Testing.ConformanceDiscoverer", "Kratix.Actors.Testing")]
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed partial class ConformanceAttribute : Attribute, ITraitAttribute
{
    public ConformanceAttribute(string number, string sentence)
    {
        if (!NumberForm().IsMatch(number))
            throw new ArgumentException($"'{number}' is not a conformance number; write R19 or K19", nameof(number));
        (Number, Sentence) = (number, sentence);
    }

    public string Number { get; }

    /// <summary>What holds, in one sentence for a user.</summary>
    public string Sentence { get; }

    [GeneratedRegex("^[RK][1-9][0-9]*$")]
    private static partial Regex NumberForm();
}

/// <summary>Makes the number a trait, so that runners can filter by it.</summary>
public sealed class ConformanceDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute)
    {
        var arguments = traitAttribute.GetConstructorArguments().Cast<string>().ToList();
        yield return KeyValuePair.Create("Conformance", arguments[0]);
    }
}
