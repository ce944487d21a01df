using System.CommandLine;
using Kratix.Actors.Host.Configuration;

namespace Kratix.Actors.Host.Commands;

/// <summary>The options by which every command that needs settings is told about them.</summary>
internal sealed class SettingsOptions
{
    private readonly Option<string?> _dataFolder = new("--data-folder")
    {
        Description = "Where everything is kept (kratix.data-folder).",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _config = new("--config")
    {
        Description = "A file of settings; may be given several times, the last one wins.",
        HelpName = "FILE",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "One setting, above files and environment; may be given several times.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    internal void AddTo(Command command, bool recursive = false)
    {
        foreach (Option option in (Option[])[_dataFolder, _config, _set])
        {
            option.Recursive = recursive;
            command.Add(option);
        }
    }

    /// <exception cref="ConfigurationException">With every problem found.</exception>
    internal LoadedSettings Load(ParseResult parsed, IReadOnlyDictionary<string, string> environment)
    {
        var overrides = parsed.GetValue(_set)!.ToList();
        if (parsed.GetValue(_dataFolder) is { } folder)
            overrides.Add($"kratix.data-folder={folder}");
        return SettingsLoader.Load(new SettingsSources(parsed.GetValue(_config)!, overrides, environment));
    }
}
