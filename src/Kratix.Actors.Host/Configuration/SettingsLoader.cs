using System.Reflection;

namespace Kratix.Actors.Host.Configuration;

/// <summary>What the settings are made of.</summary>
/// <param name="Files">In order; a later one overrides an earlier one.</param>
/// <param name="Overrides"><c>key=value</c>, as given to <c>--set</c>.</param>
public sealed record SettingsSources(IReadOnlyList<string> Files, IReadOnlyList<string> Overrides, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>No files, no overrides, and an empty environment: what the built-in files say.</summary>
    public static readonly SettingsSources BuiltIn = new([], [], new Dictionary<string, string>());
}

/// <summary>The settings, each key's effective value with its source, and what should be said aloud although it does not stop the start.</summary>
public sealed record LoadedSettings(KratixSettings Settings, IReadOnlyList<EffectiveSetting> Effective, IReadOnlyList<string> Warnings);

/// <summary>
/// Settles every key, weakest first: <c>reference.conf</c>, the mode's own file (<c>standalone.conf</c> or <c>cluster.conf</c>), the files of
/// <c>--config</c>, the environment, <c>--set</c>. A key's variable is its name in capitals with <c>_</c> for dots and dashes:
/// <c>kratix.reconcile.on-start</c> is <c>KRATIX_RECONCILE_ON_START</c>.
/// </summary>
public static class SettingsLoader
{
    public const string ModeKey = "kratix.mode";
    private const string EnvironmentPrefix = "KRATIX_";

    /// <summary>Every key there is.</summary>
    public static IReadOnlyCollection<string> Keys { get; } = AllKeys();

    /// <exception cref="ConfigurationException">With every problem found.</exception>
    public static LoadedSettings Load(SettingsSources sources)
    {
        var files = sources.Files.Select(ReadFile).ToList();
        var overrides = sources.Overrides.Select(Override).ToList();

        // The mode decides which built-in file lies beneath the user's, and may itself be set anywhere.
        var mode = new SettingsReader(Resolve([BuiltIn("reference.conf"), .. files, FromEnvironment(sources.Environment), .. overrides], sources.Environment)).Choice<EngineMode>(ModeKey);
        var root = Resolve(
            [BuiltIn("reference.conf"), BuiltIn($"{SettingsReader.Kebab(mode.ToString())}.conf"), .. files, FromEnvironment(sources.Environment), .. overrides], sources.Environment);
        var reader = new SettingsReader(root);
        return new LoadedSettings(KratixSettings.Read(reader), reader.Effective(), [.. UnknownVariables(sources.Environment)]);
    }

    public static string VariableOf(string key) => key.ToUpperInvariant().Replace('.', '_').Replace('-', '_');

    /// <summary>The text of a file that ships inside the program.</summary>
    public static string? BuiltInText(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"hocon/{name}");
        if (stream is null)
            return null;
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }

    private static HoconValue.Section Resolve(IEnumerable<HoconNode.Section> layers, IReadOnlyDictionary<string, string> environment)
    {
        var root = new HoconNode.Section(new HoconOrigin("configuration", 0));
        foreach (var layer in layers)
            root.Merge(layer);
        return HoconResolver.Resolve(root, environment);
    }

    private static HoconNode.Section BuiltIn(string name) =>
        HoconParser.Parse(name, BuiltInText(name) ?? throw new InvalidOperationException($"{name} is not built in"), FindInclude);

    private static HoconNode.Section ReadFile(string path)
    {
        try
        {
            return HoconParser.Parse(path, File.ReadAllText(path), FindInclude);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: the configuration file cannot be read: {exception.Message}");
        }
    }

    private static (string Source, string Text)? FindInclude(string from, string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(from) ?? "", name);
        if (File.Exists(path))
            return (path, File.ReadAllText(path));
        return BuiltInText(name) is { } text ? (name, text) : null;
    }

    private static HoconNode.Section FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        var section = new HoconNode.Section(new HoconOrigin("environment", 0));
        foreach (var key in Keys)
            if (environment.TryGetValue(VariableOf(key), out var value))
                Assign(section, key, value, $"environment {VariableOf(key)}");
        return section;
    }

    private static IEnumerable<string> UnknownVariables(IReadOnlyDictionary<string, string> environment)
    {
        var known = Keys.Select(VariableOf).ToHashSet(StringComparer.Ordinal);
        return environment.Keys
            .Where(name => name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) && !known.Contains(name))
            .Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Nearest: NearestKey.Among(known, name)))
            // Others use the prefix too, Pipelines' containers among them; only what looks like a slip of the pen is worth a word.
            .Where(variable => NearestKey.Distance(variable.Name, variable.Nearest) <= 2)
            .Select(variable => $"the environment variable {variable.Name} sets nothing; did you mean {variable.Nearest}?");
    }

    private static HoconNode.Section Override(string option)
    {
        var separator = option.IndexOf('=', StringComparison.Ordinal);
        if (separator <= 0)
            throw new ConfigurationException($"--set {option}: write key=value, as in --set kratix.http.port=8086");
        var section = new HoconNode.Section(new HoconOrigin("--set", 0));
        Assign(section, option[..separator].Trim(), option[(separator + 1)..].Trim(), "--set");
        return section;
    }

    // What stands in a shell is taken as it is, so that paths and URLs need no quotes inside quotes; only lists, sections, quotes and null are HOCON.
    private static void Assign(HoconNode.Section section, string key, string value, string source)
    {
        var path = HoconParser.ParsePath(source, key);
        if (value == "null" || value.StartsWith('[') || value.StartsWith('{') || value.StartsWith('"'))
        {
            var parsed = HoconParser.Parse(source, $"value = {value}", FindInclude);
            section.Assign(path, parsed.Assigned("value")[0] with { Origin = new HoconOrigin(source, 0) });
            return;
        }
        section.Assign(path, new HoconNode.Scalar(value, Quoted: true, new HoconOrigin(source, 0)));
    }

    private static List<string> AllKeys()
    {
        var reader = new SettingsReader(Resolve([BuiltIn("reference.conf")], new Dictionary<string, string>()));
        KratixSettings.Read(reader);
        return [.. reader.Known.Keys];
    }
}
