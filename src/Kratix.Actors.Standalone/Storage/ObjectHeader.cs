using System.Text;
using System.Text.Json;

namespace Kratix.Actors.Standalone.Storage;

/// <summary>What selectors, garbage collection and deletion need to know of an object.</summary>
/// <param name="ApiVersion">As stored, <c>group/version</c> or <c>v1</c>.</param>
/// <param name="DeletionTimestamp">Set once the object is marked for deletion.</param>
public sealed record ObjectHeader(
    string ApiVersion,
    string Uid,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<OwnerReference> Owners,
    IReadOnlyList<string> Finalizers,
    string? DeletionTimestamp)
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    /// <summary>In one pass over the bytes, without a tree: each object that is written is asked for it.</summary>
    internal static ObjectHeader Read(ReadOnlySpan<byte> json)
    {
        var (apiVersion, uid, deletion, labels) = ("", "", "", NoLabels);
        List<OwnerReference>? owners = null;
        List<string>? finalizers = null;
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("apiVersion"u8)) apiVersion = string.Intern(Text(ref reader)); // a handful of different ones, in every object
            else if (reader.ValueTextEquals("metadata"u8))
            {
                if (!Begins(ref reader, JsonTokenType.StartObject)) break;
                while (NextField(ref reader))
                {
                    if (reader.ValueTextEquals("uid"u8)) uid = Text(ref reader);
                    else if (reader.ValueTextEquals("deletionTimestamp"u8)) deletion = Text(ref reader);
                    else if (reader.ValueTextEquals("labels"u8)) labels = LabelsOf(ref reader);
                    else if (reader.ValueTextEquals("ownerReferences"u8)) owners = ItemsOf(ref reader, OwnerReference.Read);
                    else if (reader.ValueTextEquals("finalizers"u8)) finalizers = ItemsOf(ref reader, Scalar);
                    else Skip(ref reader);
                }
                break;
            }
            else Skip(ref reader);
        }
        return new ObjectHeader(apiVersion, uid, labels, owners ?? [], finalizers ?? [], deletion.Length > 0 ? deletion : null);
    }

    /// <summary>On to the name of the object's next field; false at its end.</summary>
    internal static bool NextField(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>The field's value; "" for what is not one word.</summary>
    internal static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return Scalar(ref reader);
    }

    internal static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>Whether the field's value is of this kind; one that is not is skipped.</summary>
    private static bool Begins(ref Utf8JsonReader reader, JsonTokenType kind)
    {
        reader.Read();
        if (reader.TokenType == kind) return true;
        reader.Skip();
        return false;
    }

    private static string Scalar(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString()!;
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False) return Encoding.UTF8.GetString(reader.ValueSpan);
        reader.Skip();
        return "";
    }

    private static IReadOnlyDictionary<string, string> LabelsOf(ref Utf8JsonReader reader)
    {
        if (!Begins(ref reader, JsonTokenType.StartObject)) return NoLabels;
        var labels = new Dictionary<string, string>();
        while (NextField(ref reader))
        {
            var name = reader.GetString()!;
            labels[name] = Text(ref reader);
        }
        return labels;
    }

    private delegate T ItemReader<T>(ref Utf8JsonReader reader);

    private static List<T>? ItemsOf<T>(ref Utf8JsonReader reader, ItemReader<T> read)
    {
        if (!Begins(ref reader, JsonTokenType.StartArray)) return null;
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(read(ref reader));
        return items;
    }
}

/// <summary>One entry of <c>metadata.ownerReferences</c>.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool BlockOwnerDeletion)
{
    internal static OwnerReference Read(ref Utf8JsonReader reader)
    {
        var (apiVersion, kind, name, uid, blocks) = ("", "", "", "", false);
        if (reader.TokenType != JsonTokenType.StartObject) reader.Skip();
        else
        {
            while (ObjectHeader.NextField(ref reader))
            {
                if (reader.ValueTextEquals("apiVersion"u8)) apiVersion = ObjectHeader.Text(ref reader);
                else if (reader.ValueTextEquals("kind"u8)) kind = ObjectHeader.Text(ref reader);
                else if (reader.ValueTextEquals("name"u8)) name = ObjectHeader.Text(ref reader);
                else if (reader.ValueTextEquals("uid"u8)) uid = ObjectHeader.Text(ref reader);
                else if (reader.ValueTextEquals("blockOwnerDeletion"u8)) blocks = ObjectHeader.Text(ref reader) == "true";
                else ObjectHeader.Skip(ref reader);
            }
        }
        return new OwnerReference(apiVersion, kind, name, uid, blocks);
    }
}
