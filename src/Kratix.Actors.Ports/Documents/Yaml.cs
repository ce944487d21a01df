using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Kratix.Actors.Ports.Documents;

/// <summary>A document that does not parse. <see cref="Line"/> and <see cref="Column"/> count from 1.</summary>
public sealed class YamlFormatException : Exception
{
    public YamlFormatException(string message, long line, long column) : base(message) => (Line, Column) = (line, column);

    public long Line { get; }

    public long Column { get; }
}

/// <summary>YAML text to JSON nodes and back, with the YAML 1.2 core schema as Kubernetes tools use it (plus quoted strings for what YAML 1.1 would mistake).</summary>
public static class Yaml
{
    /// <summary>All documents of the text; empty documents are left out.</summary>
    /// <exception cref="YamlFormatException">The text is not YAML, or repeats a key, or nests deeper than 100 levels.</exception>
    public static IReadOnlyList<JsonNode> ParseAll(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var budget = MaxNodes;
            var result = new List<JsonNode>();
            foreach (var document in stream.Documents)
            {
                if (ToJson(document.RootNode, 0, ref budget) is { } root)
                    result.Add(root);
            }

            return result;
        }
        catch (YamlException e)
        {
            throw new YamlFormatException(e.InnerException?.Message ?? e.Message, e.Start.Line, e.Start.Column);
        }
    }

    /// <summary>The only document of the text; null where there is none.</summary>
    /// <exception cref="YamlFormatException">See <see cref="ParseAll"/>; also when there are several documents.</exception>
    public static JsonNode? Parse(string text)
    {
        var all = ParseAll(text);
        return all.Count switch
        {
            0 => null,
            1 => all[0],
            _ => throw new YamlFormatException($"expected one document, found {all.Count}", 1, 1),
        };
    }

    public static string Write(JsonNode? node)
    {
        var writer = new StringWriter(new StringBuilder(), CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(writer, new EmitterSettings().WithMaxSimpleKeyLength(1024).WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, true));
        Emit(emitter, node);
        emitter.Emit(new DocumentEnd(true));
        emitter.Emit(new StreamEnd());
        return writer.ToString();
    }

    private const int MaxDepth = 100;

    /// <summary>Aliases of aliases let a few lines stand for billions of nodes; what is expanded is therefore counted.</summary>
    private const int MaxNodes = 1_000_000;

    private static JsonNode? ToJson(YamlNode node, int depth, ref int budget)
    {
        if (--budget < 0)
            throw new YamlFormatException($"stands for more than {MaxNodes} values", node.Start.Line, node.Start.Column);
        if (depth > MaxDepth)
            throw new YamlFormatException($"nested deeper than {MaxDepth} levels", node.Start.Line, node.Start.Column);
        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    var name = key is YamlScalarNode scalar
                        ? scalar.Value ?? ""
                        : throw new YamlFormatException("a key must be a scalar", key.Start.Line, key.Start.Column);
                    if (!result.TryAdd(name, ToJson(value, depth + 1, ref budget)))
                        throw new YamlFormatException($"key \"{name}\" appears twice", key.Start.Line, key.Start.Column);
                }

                return result;
            case YamlSequenceNode sequence:
                var list = new JsonArray();
                foreach (var child in sequence.Children)
                    list.Add(ToJson(child, depth + 1, ref budget));
                return list;
            case YamlScalarNode scalar:
                return Scalar(scalar);
            default:
                throw new YamlFormatException($"{node.NodeType} is not supported", node.Start.Line, node.Start.Column);
        }
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag == "tag:yaml.org,2002:str")
            return JsonValue.Create(text);
        return Plain(text);
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when IsNumber(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
        _ when text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) => JsonValue.Create(hex),
        _ when text.StartsWith("0o", StringComparison.Ordinal) && text.Length > 2 && text.Skip(2).All(c => c is >= '0' and <= '7') => JsonValue.Create(Convert.ToInt64(text[2..], 8)),
        _ when IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };

    private static bool IsNumber(string text)
    {
        var digits = text.AsSpan().TrimStart("+-");
        return digits.Length > 0 && digits.Length >= text.Length - 1 && (char.IsAsciiDigit(digits[0]) || (digits[0] == '.' && digits.Length > 1 && char.IsAsciiDigit(digits[1])));
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case null:
                emitter.Emit(new Scalar("null"));
                break;
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in map)
                {
                    EmitText(emitter, key);
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in list)
                    Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            default:
                if (node.GetValueKind() == JsonValueKind.String)
                    EmitText(emitter, node.GetValue<string>());
                else
                    emitter.Emit(new Scalar(node.ToJsonString()));
                break;
        }
    }

    private static void EmitText(Emitter emitter, string text)
    {
        var style = text.Contains('\n', StringComparison.Ordinal) && !text.Contains('\r', StringComparison.Ordinal) && text[0] is not (' ' or '\n' or '\t')
            ? ScalarStyle.Literal
            : LooksLikeSomethingElse(text) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, true, true));
    }

    /// <summary>Readers of YAML 1.1 take <c>yes</c>, <c>on</c>, <c>1_000</c>, <c>12:30</c> or a date for something other than text; quoting is right for both.</summary>
    private static bool LooksLikeSomethingElse(string text) =>
        Plain(text) is not { } value || value.GetValueKind() != JsonValueKind.String
        || text.ToLowerInvariant() is "yes" or "no" or "on" or "off" or "y" or "n" or ".inf" or "-.inf" or ".nan" or "<<" or "="
        || char.IsAsciiDigit(text[0]) || (text[0] is '+' or '-' or '.' && text.Length > 1 && char.IsAsciiDigit(text[1]));
}
