using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Engine.Promises;

namespace Kratix.Actors.Engine.Entries;

/// <summary>
/// What <c>$(…)</c> stands for in a Task. A reference to one of Tekton's own names that the Task does not declare is an error; everything else in
/// <c>$(…)</c> belongs to a shell or to Kubernetes and stays as it is.
/// </summary>
internal sealed partial class TaskVariables
{
    private readonly Dictionary<string, string> _texts;
    private readonly Dictionary<string, ImmutableArray<string>> _lists;

    internal TaskVariables() => (_texts, _lists) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal));

    private TaskVariables(TaskVariables before) => (_texts, _lists) = (new(before._texts, StringComparer.Ordinal), before._lists);

    /// <summary>These and more, for one step.</summary>
    internal TaskVariables With(IEnumerable<(string Variable, string Value)> more, IEnumerable<TaskWorkspace> workspaces)
    {
        var result = new TaskVariables(this);
        foreach (var (variable, value) in more)
            result.Add(variable, value);
        foreach (var workspace in workspaces)
            result.Add("workspaces", workspace.Name, ".path", workspace.Path);
        return result;
    }

    internal void Add(string variable, string value) => _texts[variable] = value;

    /// <summary><c>root.name</c> in its three spellings, with what follows the name.</summary>
    internal void Add(string root, string name, string tail, string value)
    {
        foreach (var spelling in Spellings(root, name))
            _texts[spelling + tail] = value;
    }

    internal void AddList(string root, string name, ImmutableArray<string> values)
    {
        foreach (var spelling in Spellings(root, name))
        {
            // Both spellings are in use.
            _lists[spelling] = _lists[spelling + "[*]"] = values;
            for (var i = 0; i < values.Length; i++)
                _texts[string.Create(CultureInfo.InvariantCulture, $"{spelling}[{i}]")] = values[i];
        }
    }

    /// <exception cref="PromiseRefusedException">It refers to what the Task does not have.</exception>
    internal string Text(string text, string where) => Reference().Replace(text, match =>
    {
        var variable = match.Groups[1].Value;
        if (_texts.TryGetValue(variable, out var value))
            return value;
        throw new PromiseRefusedException(_lists.ContainsKey(variable)
            ? $"{where} has {match.Value} inside a text; a list fits only as an element of its own of command or args"
            : $"{where} refers to {match.Value}, which the Task does not have; known are {string.Join(", ", Known())}");
    });

    /// <summary>Elements that are a list's reference and nothing else become the list's elements.</summary>
    internal JsonArray Texts(IEnumerable<string> texts, string where)
    {
        var result = new JsonArray();
        foreach (var text in texts)
        {
            if (Reference().Match(text) is { Success: true } match && match.Length == text.Length && _lists.TryGetValue(match.Groups[1].Value, out var values))
            {
                foreach (var value in values)
                    result.Add(value);
            }
            else
                result.Add(Text(text, where));
        }

        return result;
    }

    /// <summary>A copy in which each text is expanded, at any depth.</summary>
    internal JsonNode? Everywhere(JsonNode? node, string where) => node switch
    {
        JsonObject map => new JsonObject(map.Select(kv => KeyValuePair.Create(kv.Key, Everywhere(kv.Value, $"{where}.{kv.Key}")))),
        JsonArray list => new JsonArray([.. list.Select((item, index) => Everywhere(item, $"{where}[{index}]"))]),
        _ when EntryFields.IsText(node) => Text(node!.GetValue<string>(), where),
        _ => node?.DeepClone(),
    };

    private IEnumerable<string> Known() => _texts.Keys.Concat(_lists.Keys).Where(k => !k.Contains("['", StringComparison.Ordinal) && !k.Contains("[\"", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Spellings(string root, string name) => [$"{root}.{name}", $"{root}['{name}']", $"{root}[\"{name}\"]"];

    [GeneratedRegex(@"\$\(((?:params|results|workspaces|steps|step|context)[.\[][^()\s]*)\)")]
    private static partial Regex Reference();
}
