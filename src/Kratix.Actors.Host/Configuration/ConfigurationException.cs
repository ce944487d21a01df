namespace Kratix.Actors.Host.Configuration;

/// <summary>
/// The configuration cannot be used. <see cref="Problems"/> holds every problem that was found, one sentence each, and each
/// names the file and line (or the variable or option) it comes from and what would be right.
/// </summary>
public sealed class ConfigurationException : Exception
{
    public ConfigurationException(IReadOnlyList<string> problems) : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    public ConfigurationException(string problem) : this([problem])
    {
    }

    public IReadOnlyList<string> Problems { get; }
}
