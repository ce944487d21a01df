using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kratix.Actors.Engine.Promises;

namespace Kratix.Actors.Engine.Entries;

/// <summary>Fields of what a user wrote, each looked at before it is used. Whatever is wrong is refused with its place, its value and what would be right.</summary>
internal static partial class EntryFields
{
    /// <summary>A field that is a map or missing.</summary>
    internal static JsonObject? Map(JsonObject? parent, string field, string where) => parent?[field] switch
    {
        null => null,
        JsonObject map => map,
        var other => throw new PromiseRefusedException($"{where} is {other.ToJsonString()}; it must be a map"),
    };

    /// <summary>A field that is a list of maps; a missing one is empty.</summary>
    internal static IReadOnlyList<JsonObject> Maps(JsonObject parent, string field, string where)
    {
        if (parent[field] is null)
            return [];
        return parent[field] is JsonArray list && list.All(item => item is JsonObject)
            ? [.. list.Select(item => item!.AsObject())]
            : throw new PromiseRefusedException($"{where}.{field} must be a list of maps");
    }

    /// <summary>A field that is text or missing; an empty one counts as missing.</summary>
    internal static string? Text(JsonObject parent, string field, string where) => parent[field] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() is { Length: > 0 } text ? text : null,
        var other => throw new PromiseRefusedException($"{where}.{field} is {other.ToJsonString()}; it must be text"),
    };

    /// <summary>A field that is a list of texts; a missing one is empty.</summary>
    internal static IReadOnlyList<string> Texts(JsonObject parent, string field, string where)
    {
        if (parent[field] is null)
            return [];
        return parent[field] is JsonArray list && list.All(IsText)
            ? [.. list.Select(item => item!.GetValue<string>())]
            : throw new PromiseRefusedException($"{where}.{field} is {parent[field]!.ToJsonString()}; it must be a list of texts (put numbers and true/false in quotes)");
    }

    /// <summary>A list of containers as Kubernetes has them, each with a name unlike those before it.</summary>
    internal static JsonArray Containers(JsonObject spec, string field, string at, ImmutableHashSet<string> fields, HashSet<string> names)
    {
        var containers = Maps(spec, field, at);
        for (var i = 0; i < containers.Count; i++)
        {
            var here = $"{at}.{field}[{i}]";
            Known(containers[i], fields, here);
            ContainerName(Text(containers[i], "name", here), names, here);
            ContainerParts(containers[i], here);
            if (Text(containers[i], "image", here) is null)
                throw new PromiseRefusedException($"{here}.image is missing");
        }

        return [.. containers.Select(c => c.DeepClone())];
    }

    /// <summary>The parts of a container that must have the right form for anything to be made of it; the API server judges the rest.</summary>
    internal static void ContainerParts(JsonObject container, string where)
    {
        foreach (var list in new[] { "env", "envFrom", "volumeMounts", "volumeDevices" })
            Maps(container, list, where);
        foreach (var map in new[] { "securityContext", "resources", "computeResources" })
            Map(container, map, $"{where}.{map}");
    }

    /// <summary>A field that is a whole number of seconds, at least one, or missing.</summary>
    internal static void Seconds(JsonObject? parent, string field, string where)
    {
        if (parent?[field] is { } value && (value.GetValueKind() != JsonValueKind.Number || !long.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var seconds) || seconds < 1))
            throw new PromiseRefusedException($"{where}.{field} is {value.ToJsonString()}; it must be a whole number of seconds, 1 or more");
    }

    internal static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String;

    internal static void Known(JsonObject map, ImmutableHashSet<string> fields, string where)
    {
        if (map.Select(kv => kv.Key).FirstOrDefault(k => !fields.Contains(k)) is { } unknown)
            throw new PromiseRefusedException($"failed unmarshalling pipeline: unknown field \"{where}.{unknown}\"; known are {string.Join(", ", fields.Order(StringComparer.Ordinal))}");
    }

    /// <summary>A name of a container, unlike those before it.</summary>
    internal static string ContainerName(string? name, HashSet<string> taken, string where)
    {
        if (name is null || !DnsLabel().IsMatch(name))
            throw new PromiseRefusedException($"{where}.name is \"{name}\"; it must be lower-case letters, digits and -");
        return taken.Add(name)
            ? name
            : throw new PromiseRefusedException($"{where}.name \"{name}\" is used by another container of the Pipeline, or by the platform (reader, writer)");
    }

    /// <summary>Names the platform's own containers have, which no other may have.</summary>
    internal static HashSet<string> OwnNames() => new(StringComparer.Ordinal) { "reader", "writer" };

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\z")]
    internal static partial Regex DnsLabel();
}
