using System.Globalization;

namespace Kratix.Actors.Host.Configuration;

/// <summary>One effective setting, for <c>config show</c>.</summary>
/// <param name="Value">As written.</param>
/// <param name="Source">File and line, environment variable, or command line.</param>
public sealed record EffectiveSetting(string Key, string Value, string Source);

/// <summary>
/// Reads typed values by key and remembers which keys exist. A wrong value is noted and reading goes on, so that the user sees every
/// problem at once; the placeholder returned in its stead is never used because <see cref="ThrowIfWrong"/> follows.
/// </summary>
internal sealed class SettingsReader(HoconValue.Section root)
{
    private readonly SortedDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    /// <summary>The keys asked for so far; true for those that are sections with names of the user's choosing.</summary>
    internal IReadOnlyDictionary<string, bool> Known => _known;

    internal string Text(string key) => Read(key, "a text that is not empty", text => text.Trim().Length > 0 ? text : null) ?? "";

    internal string? OptionalText(string key) => IsNull(key) ? null : Text(key);

    internal bool Bool(string key) => ReadValue<bool>(key, "true or false", text => text switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => null,
    });

    internal int Int(string key, int min, int max = int.MaxValue) => ReadValue<int>(
        key,
        max == int.MaxValue ? $"a whole number of at least {min}" : $"a whole number from {min} to {max}",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null);

    internal double Fraction(string key, double min, double max) => ReadValue<double>(
        key,
        string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null);

    internal TimeSpan Duration(string key, TimeSpan min) => ReadValue<TimeSpan>(
        key,
        $"{HoconUnits.DurationForms}{(min > TimeSpan.Zero ? $", of at least {Words(min)}" : ", not negative")}",
        text => HoconUnits.Duration(text) is { } duration && duration >= min ? duration : null);

    /// <summary>0 switches it off and reads as null; anything else must be at least <paramref name="min"/>.</summary>
    internal TimeSpan? DurationOrOff(string key, TimeSpan min)
    {
        var duration = ReadValue<TimeSpan>(
            key,
            $"{HoconUnits.DurationForms}, of at least {Words(min)}, or 0 to switch it off",
            text => HoconUnits.Duration(text) is { } read && (read == TimeSpan.Zero || read >= min) ? read : null);
        return duration == TimeSpan.Zero ? null : duration;
    }

    internal long Size(string key, long min) => ReadValue<long>(
        key,
        $"{HoconUnits.SizeForms}, of at least {min}",
        text => HoconUnits.Size(text) is { } size && size >= min ? size : null);

    /// <summary>An enum's member, written as in files: <c>if-not-present</c> for <c>IfNotPresent</c>; Kubernetes' own spelling is accepted too.</summary>
    internal T Choice<T>(string key) where T : struct, Enum => ReadValue<T>(
        key,
        $"one of {string.Join(", ", Enum.GetNames<T>().Select(Kebab))}",
        text => Enum.GetValues<T>().Cast<T?>().FirstOrDefault(member => Kebab(member.ToString()!) == text || member.ToString() == text));

    internal T? OptionalChoice<T>(string key) where T : struct, Enum => IsNull(key) ? null : Choice<T>(key);

    /// <summary>A section whose names the user chooses, with whole numbers.</summary>
    internal IReadOnlyDictionary<string, int> IntByName(string key, int min)
    {
        _known[key] = true;
        var path = HoconParser.ParsePath(key, key);
        if (root.Find(path) is not HoconValue.Section section)
        {
            Wrong(key, root.Find(path), "a section of names and whole numbers");
            return new Dictionary<string, int>();
        }
        return section.Fields.ToDictionary(field => field.Key, field => Parse<int>(
            path.Then(field.Key).ToString(), field.Value, $"a whole number of at least {min}",
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min ? number : null), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>For rules between keys: notes that the value of <paramref name="key"/> is wrong. Judged only where every single value is right.</summary>
    internal void Require(bool condition, string key, string right)
    {
        if (!condition && _problems.Count == 0)
            Wrong(key, root.Find(HoconParser.ParsePath(key, key)), right);
    }

    internal void ThrowIfWrong()
    {
        foreach (var (path, value) in root.Leaves(HoconPath.Root).Where(leaf => !IsKnown(leaf.Path)))
            _problems.Add(IsSection(path)
                ? $"{value.Origin}: {path} = {value.Display} cannot be used; it is a section, write {path} {{ key = value }}"
                : $"{value.Origin}: {path} is not a known key; did you mean {NearestKey.Among(_known.Keys, path.ToString())}?");
        if (_problems.Count > 0)
            throw new ConfigurationException(_problems);
    }

    internal IReadOnlyList<EffectiveSetting> Effective() =>
        [.. root.Leaves(HoconPath.Root).Select(leaf => new EffectiveSetting(leaf.Path.ToString(), leaf.Value.Display, leaf.Value.Origin.ToString())).OrderBy(setting => setting.Key, StringComparer.Ordinal)];

    internal static string Kebab(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));

    private bool IsKnown(HoconPath path) =>
        _known.ContainsKey(path.ToString())
        || Enumerable.Range(1, path.Names.Count - 1).Any(count => _known.TryGetValue(new HoconPath([.. path.Names.Take(count)]).ToString(), out var open) && open);

    private bool IsSection(HoconPath path) => _known.Keys.Any(key => key.StartsWith($"{path}.", StringComparison.Ordinal));

    private bool IsNull(string key)
    {
        _known.TryAdd(key, false);
        return root.Find(HoconParser.ParsePath(key, key)) is HoconValue.Null;
    }

    private T ReadValue<T>(string key, string right, Func<string, T?> parse) where T : struct
    {
        _known.TryAdd(key, false);
        return Parse(key, root.Find(HoconParser.ParsePath(key, key)), right, parse);
    }

    private string? Read(string key, string right, Func<string, string?> parse)
    {
        _known.TryAdd(key, false);
        var value = root.Find(HoconParser.ParsePath(key, key));
        if (value is HoconValue.Text text && parse(text.Content) is { } parsed)
            return parsed;
        Wrong(key, value, right);
        return null;
    }

    private T Parse<T>(string key, HoconValue? value, string right, Func<string, T?> parse) where T : struct
    {
        if (value is HoconValue.Text text && parse(text.Content.Trim()) is { } parsed)
            return parsed;
        Wrong(key, value, right);
        return default;
    }

    private void Wrong(string key, HoconValue? value, string right)
    {
        // Where something else stands in the place of its section, that is the problem, and ThrowIfWrong names it.
        var path = HoconParser.ParsePath(key, key);
        if (value is null && Enumerable.Range(1, path.Names.Count - 1).Any(count => root.Find(new HoconPath([.. path.Names.Take(count)])) is not (null or HoconValue.Section)))
            return;
        _problems.Add(value switch
        {
            null => $"{key} is not set anywhere; write {right}",
            HoconValue.Text text => $"{value.Origin}: {key} = {text.Content} cannot be used; write {right}",
            _ => $"{value.Origin}: {key} is {value.Kind}; write {right}",
        });
    }

    private static string Words(TimeSpan duration) => duration switch
    {
        { TotalHours: >= 1 } when duration.Ticks % TimeSpan.TicksPerHour == 0 => $"{(long)duration.TotalHours}h",
        { TotalMinutes: >= 1 } when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{(long)duration.TotalMinutes}m",
        { TotalSeconds: >= 1 } when duration.Ticks % TimeSpan.TicksPerSecond == 0 => $"{(long)duration.TotalSeconds}s",
        _ => $"{(long)duration.TotalMilliseconds}ms",
    };
}
