using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Engine.Promises;
using static Kratix.Actors.Engine.Entries.EntryFields;

namespace Kratix.Actors.Engine.Entries;

/// <summary>A Task's <c>params</c>. No TaskRun passes values here, so each needs a default.</summary>
internal static partial class TaskParams
{
    private static readonly ImmutableHashSet<string> ParamFields = ["name", "type", "description", "default", "properties", "enum"];

    internal static void Read(JsonObject spec, string where, TaskVariables variables)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var list = Maps(spec, "params", where);
        for (var i = 0; i < list.Count; i++)
        {
            var at = $"{where}.params[{i}]";
            Known(list[i], ParamFields, at);
            var name = Text(list[i], "name", at);
            if (name is null || !ParamName().IsMatch(name))
                throw new PromiseRefusedException($"{at}.name is \"{name}\"; it must start with a letter or _ and go on with letters, digits, -, _ and .");
            if (!names.Add(name))
                throw new PromiseRefusedException($"{at}.name \"{name}\" is used by another param");
            Read(list[i], name, at, variables);
        }
    }

    private static void Read(JsonObject param, string name, string at, TaskVariables variables)
    {
        var value = param["default"] ?? throw new PromiseRefusedException($"{at} (\"{name}\") has no default; nothing passes a value to the Task of a workflow, so each of its params needs one");
        var type = Text(param, "type", at) ?? (value switch { JsonArray => "array", JsonObject => "object", _ => "string" });
        switch (type, value)
        {
            case ("string", JsonValue):
                // A number or true, as people forget its quotes, stands for its own text, in Tekton too.
                var text = IsText(value) ? value.GetValue<string>() : value.ToJsonString();
                if (Texts(param, "enum", at) is { Count: > 0 } allowed && !allowed.Contains(text))
                    throw new PromiseRefusedException($"{at}.default is \"{text}\"; its enum allows {string.Join(", ", allowed)}");
                variables.Add("params", name, "", text);
                break;
            case ("array", JsonArray):
                variables.AddList("params", name, [.. Texts(param, "default", at)]);
                break;
            case ("object", JsonObject map):
                if (Map(param, "properties", $"{at}.properties")?.FirstOrDefault(p => map[p.Key] is null).Key is { } missing)
                    throw new PromiseRefusedException($"{at}.default has no \"{missing}\", which its properties list");
                foreach (var key in map.Select(kv => kv.Key))
                    variables.Add("params", name, $".{key}", IsText(map[key]) ? map[key]!.GetValue<string>() : throw new PromiseRefusedException($"{at}.default.{key} is {map[key]?.ToJsonString() ?? "null"}; it must be text"));
                break;
            case ("string" or "array" or "object", _):
                throw new PromiseRefusedException($"{at}.default is {value.ToJsonString()}; its type is {type}");
            default:
                throw new PromiseRefusedException($"{at}.type is \"{type}\"; it must be string, array or object");
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][-A-Za-z0-9_.]*\z")]
    private static partial Regex ParamName();
}
